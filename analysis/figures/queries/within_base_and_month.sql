-- Main sample of the race in bases with at least two entrants: recognition and order net of base and month.
-- One row per outcome x entrant x base. `net_*` are residuals on base and month effects: the means of months and of
-- bases are swept out in turn. An entrant's residual changes only with its cell (base x month), so cells are swept.
create temp table if not exists within_base_and_month as (
    with recursive sample as (
        select
            snapshot_id,
            parent_id,
            child_id,
            release_month,
            release_percentile,
            n_rivals_before_other_owner_events_30d as n_rivals,
            likes,
            downloads
        from recognition_panel
        where sample_exclusion is null and release_percentile is not null
    ),

    outcomes as (
        select
            'likes' as outcome,
            * exclude (likes, downloads),
            ln(1 + likes) as recognition
        from sample
        where likes is not null
        union all by name
        select
            'downloads (30 days)' as outcome,
            * exclude (likes, downloads),
            ln(1 + downloads) as recognition
        from sample
        where downloads is not null
    ),

    compared as (
        select *
        from outcomes
        qualify count(*) over (partition by outcome, parent_id) > 1
    ),

    cells as (
        select
            row_number() over (order by outcome, parent_id, release_month) as cell,
            dense_rank() over (order by outcome, parent_id) as base,
            dense_rank() over (order by outcome, release_month) as month,
            outcome,
            parent_id,
            release_month,
            count(*) as n,
            avg(recognition) as recognition,
            avg(release_percentile) as percentile
        from compared
        group by outcome, parent_id, release_month
    ),

    -- Until no mean is left to sweep out, but for rounding.
    sweeps as (
        select
            0 as sweep,
            true as is_moving,
            cell,
            base,
            month,
            n,
            recognition,
            percentile
        from cells
        union all
        select
            sweep + 1 as sweep,
            sweep = 0 or max(abs(recognition_mean) + abs(percentile_mean)) over () > 1e-12 as is_moving,
            cell,
            base,
            month,
            n,
            recognition - recognition_mean as recognition,
            percentile - percentile_mean as percentile
        from (
            select
                *,
                case
                    when sweep % 2 = 0 then sum(n * recognition) over months / sum(n) over months
                    else sum(n * recognition) over bases / sum(n) over bases
                end as recognition_mean,
                case
                    when sweep % 2 = 0 then sum(n * percentile) over months / sum(n) over months
                    else sum(n * percentile) over bases / sum(n) over bases
                end as percentile_mean
            from sweeps
            where is_moving and sweep < 200
            window
                months as (partition by month),
                bases as (partition by base)
        ) as swept
    ),

    swept_out as (
        select * from sweeps
        qualify sweep = max(sweep) over ()
    )

    select
        compared.snapshot_id,
        compared.outcome,
        compared.parent_id,
        compared.child_id,
        compared.n_rivals,
        compared.recognition,
        compared.release_percentile,
        compared.recognition - cells.recognition + swept_out.recognition as net_recognition,
        compared.release_percentile - cells.percentile + swept_out.percentile as net_percentile
    from swept_out
    inner join cells on swept_out.cell = cells.cell
    inner join compared
        on
            cells.outcome = compared.outcome
            and cells.parent_id = compared.parent_id
            and cells.release_month = compared.release_month
);
