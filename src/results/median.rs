//! The median exit time of more paths than are kept, by reading them again.

/// Times that are sorted at once.
const ROOM: usize = 8 << 20;
/// Readings after which the search ends. Each divides the number of candidates by the number of guides.
const MOST_READINGS: usize = 6;

/// The `rank`-th smallest time, from 1. `sample` holds some of the times, sorted, and narrows the search; `read` gives every time to its
/// argument.
///
/// # Errors
/// The error of `read`.
pub fn time_of_rank<E>(
    rank: usize,
    sample: &[f64],
    total: usize,
    mut read: impl FnMut(&mut dyn FnMut(f64)) -> Result<(), E>,
) -> Result<Option<f64>, E> {
    // The rank is inside a window of the sample that is six standard deviations wide on either side.
    let share = rank as f64 / total.max(1) as f64;
    let deviation = 6.0 * (share * (1.0 - share) * sample.len() as f64).sqrt() + 1.0;
    let place = share * sample.len() as f64;
    let at = |place: f64| if place < 0.0 { None } else { sample.get(place as usize).copied() };
    let mut lo = at(place - deviation).unwrap_or(0.0);
    let mut hi = at(place + deviation).unwrap_or(f64::INFINITY);
    for _ in 0..MOST_READINGS {
        let (mut below, mut inside, mut kept) = (0, 0usize, Vec::new());
        let mut beyond = f64::INFINITY;
        read(&mut |time| {
            if time < lo {
                below += 1;
            } else if time <= hi {
                inside += 1;
                if kept.len() < ROOM {
                    kept.push(time);
                }
            } else {
                beyond = beyond.min(time);
            }
        })?;
        if rank <= below {
            (lo, hi) = (0.0, lo.next_down());
        } else if rank > below + inside {
            (lo, hi) = (beyond, f64::INFINITY);
            if beyond.is_infinite() {
                return Ok(None);
            }
        } else if inside == kept.len() {
            let (_, found, _) = kept.select_nth_unstable_by(rank - below - 1, f64::total_cmp);
            return Ok(Some(*found));
        } else {
            kept.sort_unstable_by(f64::total_cmp);
            let place = (rank - below) as f64 / inside as f64 * kept.len() as f64;
            let reach = 6.0 * (kept.len() as f64).sqrt();
            let at = |place: f64| if place < 0.0 { None } else { kept.get(place as usize).copied() };
            (lo, hi) = (at(place - reach).unwrap_or(lo), at(place + reach).unwrap_or(hi));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rank_is_found_with_any_sample() {
        let times: Vec<f64> = (1..=1000).map(|i| f64::from(i * 7919 % 1009)).collect();
        let mut sorted = times.clone();
        sorted.sort_by(f64::total_cmp);
        let mut read = |give: &mut dyn FnMut(f64)| {
            times.iter().for_each(|time| give(*time));
            Ok::<(), ()>(())
        };
        for kept in [0, 1, 10, 300] {
            let mut sample = times[..kept].to_vec();
            sample.sort_by(f64::total_cmp);
            for rank in [1, 2, 499, 500, 501, 999, 1000] {
                assert_eq!(time_of_rank(rank, &sample, 1000, &mut read), Ok(Some(sorted[rank - 1])), "{kept} {rank}");
            }
        }
        // A sample that misleads costs another reading.
        assert_eq!(time_of_rank(500, &[1.0, 1.0, 1.0], 1000, &mut read), Ok(Some(sorted[499])));
        assert_eq!(time_of_rank(500, &[1008.0; 9], 1000, &mut read), Ok(Some(sorted[499])));
    }
}
