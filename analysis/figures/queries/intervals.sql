-- Intervals that the figures share.
-- The 95 % interval of (a - b) / n, two counts among the same n, by the adjusted method of Bonett and Price (2012).
create or replace temp macro difference_half_width(a, b, n) as (
    1.959964 * sqrt(((a + b + 2) / (n + 2) - ((a - b) / (n + 2)) ** 2) / (n + 2))
);
create or replace temp macro difference_low(a, b, n) as (
    case
        when (a - b) / (n + 2) - difference_half_width(a, b, n) < -1 then -1
        else (a - b) / (n + 2) - difference_half_width(a, b, n)
    end
);
create or replace temp macro difference_high(a, b, n) as (
    case
        when (a - b) / (n + 2) + difference_half_width(a, b, n) > 1 then 1
        else (a - b) / (n + 2) + difference_half_width(a, b, n)
    end
);
-- The 97.5 % point of Student's t by the expansion of Cornish and Fisher, accurate to 0.1 % from 4 degrees of freedom.
create or replace temp macro t_point(degrees) as (
    1.959964 + 2.372271 / degrees + 2.822501 / degrees ** 2 + 2.555850 / degrees ** 3 + 1.589533 / degrees ** 4
);
-- Shares and means over families, as in analysis/studies/shares.py (a test compares the two). All of these aggregate
-- over rows of one family each: n is the number of its models that count, k those among them (or the sum of their values);
-- all_k and all_n are the sums over all families of the group. The number of equal families that n families are worth:
create or replace temp macro worth(n) as (
    sum(n) ** 2 / sum(n ** 2)
);
-- Fewer than ten families, or an effective number below five, give no interval.
create or replace temp macro has_interval(n) as (
    count(*) >= 10 and worth(n) >= 5
);
-- The variance of all_k / all_n from leaving out each family once.
create or replace temp macro jackknife_variance(k, n, all_k, all_n) as (
    (count(*) - 1) / count(*) * sum(((k - n * all_k / all_n) / (all_n - n)) ** 2)
);
-- Half of the 95 % interval of a mean.
create or replace temp macro clustered_half_width(k, n, all_k, all_n) as (
    case when has_interval(n) then t_point(worth(n) - 1) * sqrt(jackknife_variance(k, n, all_k, all_n)) end
);
-- The number of equal families that hold the rarer outcome of a share.
create or replace temp macro holders(k, n, all_k, all_n) as (
    sum(case when 2 * all_k <= all_n then k else n - k end) ** 2
    / sum(case when 2 * all_k <= all_n then k else n - k end ** 2)
);
-- The effective number of draws: the variance of one model over that of the share. The latter is the jackknife's, shrunk towards
-- that of families whose models are all alike as if four more of them held the rarer outcome; never more draws than models.
create or replace temp macro draws(n, share, found, holding) as (
    case
        when share in (0, 1) then worth(n)
        when found * worth(n) > share * (1 - share) then share * (1 - share) / found
        when holding * found + 4 * share * (1 - share) / worth(n) < (holding + 4) * share * (1 - share) / sum(n) then sum(n)
        else (holding + 4) * share * (1 - share) / (holding * found + 4 * share * (1 - share) / worth(n))
    end
);
create or replace temp macro independent_draws(k, n, all_k, all_n) as (
    draws(n, sum(k) / sum(n), jackknife_variance(k, n, all_k, all_n), holders(k, n, all_k, all_n))
);
-- Wilson's 95 % interval of a share with that many draws, and Student's t in place of the normal.
create or replace temp macro wilson_low(share, draws, t) as (
    (share + t ** 2 / (2 * draws) - t * sqrt(share * (1 - share) / draws + t ** 2 / (4 * draws ** 2))) / (1 + t ** 2 / draws)
);
create or replace temp macro clustered_low(k, n, all_k, all_n) as (
    case
        when not has_interval(n) then null
        when sum(k) = 0 then 0
        else wilson_low(sum(k) / sum(n), independent_draws(k, n, all_k, all_n), t_point(worth(n) - 1))
    end
);
create or replace temp macro clustered_high(k, n, all_k, all_n) as (
    1 - clustered_low(n - k, n, all_n - all_k, all_n)
);
