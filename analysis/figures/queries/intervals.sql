-- Intervals that the figures share.
-- Wilson's 95 % interval of a share, k out of n.
create or replace temp macro share_low(k, n) as (
    greatest(0, (k + 1.920729) / (n + 3.841459) - 1.959964 * sqrt(k * (n - k) / n + 0.960365) / (n + 3.841459))
);
create or replace temp macro share_high(k, n) as (
    least(1, (k + 1.920729) / (n + 3.841459) + 1.959964 * sqrt(k * (n - k) / n + 0.960365) / (n + 3.841459))
);
-- The 95 % interval of (a - b) / n, two counts among the same n, by the adjusted method of Bonett and Price (2012).
create or replace temp macro difference_half_width(a, b, n) as (
    1.959964 * sqrt(((a + b + 2) / (n + 2) - ((a - b) / (n + 2)) ** 2) / (n + 2))
);
create or replace temp macro difference_low(a, b, n) as (
    greatest(-1, (a - b) / (n + 2) - difference_half_width(a, b, n))
);
create or replace temp macro difference_high(a, b, n) as (
    least(1, (a - b) / (n + 2) + difference_half_width(a, b, n))
);
-- The 97.5 % point of Student's t by the expansion of Cornish and Fisher, right to 0.1 % from 4 degrees of freedom.
create or replace temp macro t_point(degrees) as (
    1.959964 + 2.372271 / degrees + 2.822501 / degrees ** 2 + 2.555850 / degrees ** 3 + 1.589533 / degrees ** 4
);
-- Half of the 95 % interval of a mean over g clusters, of which each gives its count n and its total t. Null below
-- five clusters: their spread says too little.
create or replace temp macro clustered_half_width(mean, n, g, sum_nn, sum_nt, sum_tt) as (
    case
        when g >= 5
            then t_point(g - 1) * sqrt(g / (g - 1) * greatest(0, sum_tt - 2 * mean * sum_nt + mean ** 2 * sum_nn)) / n
    end
);
