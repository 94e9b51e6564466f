//! The median exit time of more paths than are kept, by reading them again.

/// Readings after which the search ends. Each divides the number of candidates by the number of guides.
const MOST_READINGS: usize = 6;

/// The `rank`-th smallest time, from 1. `sample` holds some of the times, sorted, and narrows the search; `read` gives every time to its
/// argument. At most `room` times are kept.
///
/// # Errors
/// The error of `read`.
pub fn time_of_rank<E>(
    rank: usize,
    sample: &[f64],
    total: usize,
    room: usize,
    mut read: impl FnMut(&mut dyn FnMut(f64)) -> Result<(), E>,
) -> Result<Option<f64>, E> {
    // The rank is inside a window of the sample that is six standard deviations wide on either side.
    let share = rank as f64 / total.max(1) as f64;
    let deviation = 6.0 * (share * (1.0 - share) * sample.len() as f64).sqrt() + 1.0;
    let place = share * sample.len() as f64;
    let at = |place: f64| if place < 0.0 { None } else { sample.get(place as usize).copied() };
    let mut lo = at(place - deviation).unwrap_or(0.0);
    let mut hi = at(place + deviation).unwrap_or(f64::INFINITY);
    // A time of the window, which is found at once where very many times are equal.
    let mut guess = None;
    for _ in 0..MOST_READINGS {
        let (mut below, mut inside, mut kept) = (0, 0usize, Vec::new());
        let (mut smaller, mut equal) = (0, 0);
        let mut beyond = f64::INFINITY;
        read(&mut |time| {
            if guess.is_some_and(|guess| time <= guess) {
                smaller += usize::from(guess != Some(time));
                equal += usize::from(guess == Some(time));
            }
            if time < lo {
                below += 1;
            } else if time <= hi {
                inside += 1;
                if kept.len() < room {
                    kept.push(time);
                }
            } else {
                beyond = beyond.min(time);
            }
        })?;
        if (smaller + 1..=smaller + equal).contains(&rank) {
            return Ok(guess);
        }
        if rank <= below {
            (lo, hi, guess) = (0.0, lo.next_down(), None);
        } else if rank > below + inside {
            (lo, hi, guess) = (beyond, f64::INFINITY, None);
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
            if let Some(guess) = guess.filter(|guess| (lo..=hi).contains(guess)) {
                (lo, hi) = if rank <= smaller { (lo, guess.next_down()) } else { (guess.next_up(), hi) };
            }
            guess = at(place).filter(|guess| (lo..=hi).contains(guess)).or(Some(lo));
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
                assert_eq!(
                    time_of_rank(rank, &sample, 1000, 5000, &mut read),
                    Ok(Some(sorted[rank - 1])),
                    "{kept} {rank}"
                );
            }
        }
        // A sample that misleads costs another reading.
        assert_eq!(time_of_rank(500, &[1.0, 1.0, 1.0], 1000, 5000, &mut read), Ok(Some(sorted[499])));
        assert_eq!(time_of_rank(500, &[1008.0; 9], 1000, 5000, &mut read), Ok(Some(sorted[499])));
    }

    /// With room for a few times only, and when more of them are equal than there is room for.
    #[test]
    fn more_times_than_room_are_read_again() {
        for (distinct, room) in [(100_003, 5_000), (4, 5_000), (1, 10)] {
            let times: Vec<f64> = (1..=100_000).map(|i| f64::from(i * 7919 % 100_003 % distinct)).collect();
            let mut sorted = times.clone();
            sorted.sort_by(f64::total_cmp);
            let mut read = |give: &mut dyn FnMut(f64)| {
                times.iter().for_each(|time| give(*time));
                Ok::<(), ()>(())
            };
            for rank in [1, 2, 25_000, 25_001, 50_000, 99_999, 100_000] {
                let found = time_of_rank(rank, &[], 100_000, room, &mut read);
                assert_eq!(found, Ok(Some(sorted[rank - 1])), "{distinct} {room} {rank}");
            }
        }
    }
}
