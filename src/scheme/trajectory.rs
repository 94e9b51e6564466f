//! One path, point by point.
//!
//! A path is a function of its random stream, so any path of a run can be followed again. A kernel takes its [`Observer`] as a type: with
//! [`Unobserved`] nothing of it is left in the compiled code.

use super::{Departure, Outcome, PathRecord};
use crate::landscape::Basin;

/// Of a long trajectory: the jumps of which both ends are kept, the last points that are kept, and the most points of all.
const JUMPS: usize = 250;
const LAST: usize = 200;
const MOST: usize = Trajectory::MOST_POINTS;

/// A fixed step that moves the path by more than this share of the distance from the minimum to the edge counts as a jump.
const JUMP_SHARE: f64 = 0.1;

/// What a point of a trajectory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PointKind {
    /// The start.
    Start,
    /// After a step of the scheme.
    Step,
    /// The place from which a large jump starts.
    BeforeJump,
    /// The place where it lands.
    AfterJump,
    /// The place outside, or on the edge if the path crept out.
    Exit,
    /// The place at the time limit of a path that has not left.
    Censored,
    /// A place that is not finite.
    Diverged,
}

impl PointKind {
    /// Every kind.
    pub const ALL: [PointKind; 7] = [
        PointKind::Start,
        PointKind::Step,
        PointKind::BeforeJump,
        PointKind::AfterJump,
        PointKind::Exit,
        PointKind::Censored,
        PointKind::Diverged,
    ];

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            PointKind::Start => "start",
            PointKind::Step => "step",
            PointKind::BeforeJump => "before_jump",
            PointKind::AfterJump => "after_jump",
            PointKind::Exit => "exit",
            PointKind::Censored => "censored",
            PointKind::Diverged => "diverged",
        }
    }
}

/// The points of a path in the order of time, at most [`Trajectory::MOST_POINTS`].
///
/// Of a longer path the start, the last 200 points and both ends of the 250 longest jumps are kept; of the other points the first in each
/// interval of time of one length, the smallest power of two with at most 1,299 intervals. The ends of a jump follow each other at the same time (one step apart for a scheme of fixed
/// steps, whose jumps are the steps of at least a tenth of the distance from the minimum to the edge).
///
/// # Example
/// ```
/// use levy_escape::scheme::StreamSource;
/// use levy_escape::{Alpha, Basin, Domain, Dynamics, JumpAdapted, LevyNoise, Limits, Problem, Quadratic, Scheme, Seed};
///
/// let basin = Basin::new(Quadratic::new(vec![1.0])?, Domain::interval(-0.5, 1.0))?;
/// let problem = Problem::new(basin, Dynamics::Sgd, LevyNoise::new(Alpha::new(1.5)?, 0.1)?)?;
/// let kernel = JumpAdapted::default().prepare(&problem)?;
/// let source = StreamSource { seed: Seed(1), cell: 0 };
/// let (record, trajectory) = kernel.follow(source, 7, Limits::default()).ok_or("it cannot be followed")?;
/// assert_eq!(trajectory.last().map(|point| point.time), record.outcome.exit_time());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trajectory {
    dim: usize,
    times: Vec<f64>,
    kinds: Vec<PointKind>,
    /// `dim` per point.
    places: Vec<f64>,
}

/// A point of a trajectory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrajectoryPoint<'t> {
    /// Its time, in units of the SDE's time.
    pub time: f64,
    /// What it is.
    pub kind: PointKind,
    /// The parameters `θ`, of length `d`.
    pub x: &'t [f64],
}

impl Trajectory {
    /// Most points of a trajectory.
    pub const MOST_POINTS: usize = 2_000;

    /// Number of points.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Point number `i`; `None` after the last.
    pub fn get(&self, i: usize) -> Option<TrajectoryPoint<'_>> {
        let x = self.places.get(i * self.dim..(i + 1) * self.dim)?;
        Some(TrajectoryPoint { time: *self.times.get(i)?, kind: self.kinds[i], x })
    }

    /// The points in the order of time.
    pub fn points(&self) -> impl Iterator<Item = TrajectoryPoint<'_>> {
        (0..self.len()).map_while(|i| self.get(i))
    }

    /// The last point.
    pub fn last(&self) -> Option<TrajectoryPoint<'_>> {
        self.get(self.len().checked_sub(1)?)
    }

    fn push(&mut self, time: f64, x: &[f64], kind: PointKind) {
        self.times.push(time);
        self.kinds.push(kind);
        self.places.extend_from_slice(x);
        if self.len() >= 2 * MOST {
            self.thin();
        }
    }

    /// Length of the jump that starts at point `i`.
    fn jump(&self, i: usize) -> Option<f64> {
        let (from, to) = (self.get(i).filter(|p| p.kind == PointKind::BeforeJump)?, self.get(i + 1)?);
        let square: f64 = from.x.iter().zip(to.x).map(|(a, b)| (b - a) * (b - a)).sum();
        Some(square.sqrt())
    }

    /// Leaves at most [`Trajectory::MOST_POINTS`].
    fn thin(&mut self) {
        let count = self.len();
        if count <= MOST {
            return;
        }
        let mut kept = vec![false; count];
        kept[0] = true;
        kept[count - LAST..].fill(true);
        let mut jumps: Vec<(f64, usize)> = (0..count).filter_map(|i| Some((self.jump(i)?, i))).collect();
        jumps.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        jumps.iter().take(JUMPS).for_each(|(_, i)| kept[*i..=*i + 1].fill(true));
        let (intervals, end) = (MOST - 1 - LAST - 2 * JUMPS, self.times[count - 1]);
        // Powers of two are nested: what is kept does not depend on how often the path was thinned before.
        let length = (end / intervals as f64).log2().ceil().exp2();
        let mut last = None;
        for (i, kept) in kept.iter_mut().enumerate() {
            let interval = (self.times[i] / length) as usize;
            if last != Some(interval) && interval < intervals {
                *kept = true;
                last = Some(interval);
            }
        }
        let mut at = 0;
        for (i, _) in kept.iter().enumerate().filter(|(_, kept)| **kept) {
            // Only an end of a jump whose other end is kept has that kind.
            let partner_is_lost = match self.kinds[i] {
                PointKind::BeforeJump => i + 1 < count && !kept[i + 1],
                PointKind::AfterJump => i > 0 && !kept[i - 1],
                _ => false,
            };
            self.times[at] = self.times[i];
            self.kinds[at] = if partner_is_lost { PointKind::Step } else { self.kinds[i] };
            self.places.copy_within(i * self.dim..(i + 1) * self.dim, at * self.dim);
            at += 1;
        }
        self.times.truncate(at);
        self.kinds.truncate(at);
        self.places.truncate(at * self.dim);
    }
}

/// Sees where a path goes.
pub(super) trait Observer {
    /// Whether anything is done with what is seen.
    const WATCHES: bool;

    /// The path is at `x` at time `t`.
    fn see(&mut self, t: f64, x: &[f64], kind: PointKind);

    /// The path has taken a fixed step to `x`, which may be a jump.
    fn step(&mut self, t: f64, x: &[f64]);
}

/// Nobody.
pub(super) struct Unobserved;

impl Observer for Unobserved {
    const WATCHES: bool = false;

    #[inline(always)]
    fn see(&mut self, _t: f64, _x: &[f64], _kind: PointKind) {}

    #[inline(always)]
    fn step(&mut self, _t: f64, _x: &[f64]) {}
}

/// Records the trajectory of a path.
pub(super) struct Recorder<'b> {
    basin: &'b Basin,
    trajectory: Trajectory,
    /// The last step.
    moved: Vec<f64>,
    /// The distance to the nearest exit along an axis, where the distance in the direction of a step is costly or undefined.
    nearest: Option<f64>,
}

impl<'b> Recorder<'b> {
    /// A path at its start.
    pub fn new(basin: &'b Basin) -> Self {
        let mut trajectory = Trajectory { dim: basin.dim(), ..Trajectory::default() };
        trajectory.push(0.0, basin.start(), PointKind::Start);
        let nearest = (basin.is_followed() || basin.target().is_some()).then(|| nearest_exit(basin));
        Recorder { basin, trajectory, moved: vec![0.0; basin.dim()], nearest }
    }

    /// Ends the path with its record, at `x` if it has left or diverged, and otherwise where it was last seen.
    pub fn end(mut self, record: PathRecord, x: &[f64]) -> (PathRecord, Trajectory) {
        match record.outcome {
            Outcome::Exited { time, site } => {
                if site.by == Departure::Jump {
                    self.leave_by_jump();
                }
                self.trajectory.push(time, x, PointKind::Exit);
            }
            Outcome::Censored { at } => {
                let last = self.trajectory.len() - 1;
                if self.trajectory.times[last] == at && self.trajectory.kinds[last] == PointKind::Step {
                    self.trajectory.kinds[last] = PointKind::Censored;
                } else {
                    let x = self.last_place();
                    self.trajectory.push(at, &x, PointKind::Censored);
                }
            }
            Outcome::Diverged { at } => self.trajectory.push(at, x, PointKind::Diverged),
        }
        self.trajectory.thin();
        (record, self.trajectory)
    }

    fn last_place(&self) -> Vec<f64> {
        self.trajectory.last().map_or_else(Vec::new, |point| point.x.to_vec())
    }

    /// Makes the last point the beginning of a jump. A start, and the landing of another jump, keep a point of their own.
    fn leave_by_jump(&mut self) {
        let last = self.trajectory.len() - 1;
        match self.trajectory.kinds[last] {
            PointKind::BeforeJump => {}
            PointKind::Step => self.trajectory.kinds[last] = PointKind::BeforeJump,
            _ => {
                let (time, x) = (self.trajectory.times[last], self.last_place());
                self.trajectory.push(time, &x, PointKind::BeforeJump);
            }
        }
    }
}

/// The smallest distance from the minimum to the edge along an axis, or to the target.
fn nearest_exit(basin: &Basin) -> f64 {
    if let Some(entry) = basin.nearest_in_target(basin.minimum()) {
        return entry.iter().zip(basin.minimum()).map(|(x, m)| (x - m).powi(2)).sum::<f64>().sqrt();
    }
    let along = |axis: usize| [1.0, -1.0].map(|v| basin.axis_exit_distance(axis, v));
    (0..basin.dim()).flat_map(along).fold(f64::INFINITY, f64::min)
}

impl Observer for Recorder<'_> {
    const WATCHES: bool = true;

    fn see(&mut self, t: f64, x: &[f64], kind: PointKind) {
        self.trajectory.push(t, x, kind);
    }

    fn step(&mut self, t: f64, x: &[f64]) {
        if let Some(last) = self.trajectory.last() {
            self.moved.iter_mut().zip(x).zip(last.x).for_each(|((moved, x), before)| *moved = x - before);
        }
        let way = match self.nearest {
            Some(nearest) => nearest / self.moved.iter().map(|x| x * x).sum::<f64>().sqrt(),
            None => self.basin.exit_distance(&self.moved),
        };
        if way * JUMP_SHARE > 1.0 {
            self.trajectory.push(t, x, PointKind::Step);
        } else {
            self.leave_by_jump();
            self.trajectory.push(t, x, PointKind::AfterJump);
        }
    }
}

/// Moves `x` from the end of a step of length `tau` to where the path crossed the edge after a part `delay` of it: on the line from
/// `before`, and from there onto the edge. `face`: number of the face of a box, even for a lower one, if it is known.
pub(super) fn move_to_edge(basin: &Basin, before: &[f64], x: &mut [f64], [delay, tau]: [f64; 2], face: Option<usize>) {
    let share = if tau > 0.0 { delay / tau } else { 1.0 };
    x.iter_mut().zip(before).for_each(|(x, before)| *x = before + share * (*x - before));
    if let Some((lo, hi)) = basin.sides() {
        x.iter_mut().zip(lo).zip(hi).for_each(|((x, lo), hi)| *x = x.clamp(*lo, *hi));
        if let Some(face) = face {
            x[face / 2] = if face % 2 == 0 { lo[face / 2] } else { hi[face / 2] };
        }
        return;
    }
    if let Some(point) = basin.beyond_separatrix(x) {
        x.copy_from_slice(&point);
        return;
    }
    let gauge = basin.gauge(x);
    if gauge > 0.0 && gauge.is_finite() {
        x.iter_mut().zip(basin.minimum()).for_each(|(x, minimum)| *x = minimum + (*x - minimum) / gauge);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landscape::{Domain, Quadratic};
    use crate::scheme::{ExitSite, Side};

    fn basin() -> Basin {
        Basin::new(Quadratic::new(vec![1.0]).unwrap(), Domain::interval(-1.0, 1.0)).unwrap()
    }

    /// A long path keeps its ends, its longest jumps and an even choice of the rest.
    #[test]
    fn a_long_path_is_thinned_in_time() {
        let basin = basin();
        let mut recorder = Recorder::new(&basin);
        let mut place = 0.0;
        for k in 1..=100_000u32 {
            let t = f64::from(k);
            place = if k.is_multiple_of(100) { 0.2 + 1e-6 * t } else { 1e-3 * f64::from(k % 7) };
            recorder.step(t, &[place]);
        }
        let site = ExitSite { axis: 0, side: Side::Plus, overshoot: 3.0, by: Departure::Jump, landed: None };
        let record = PathRecord { outcome: Outcome::Exited { time: 100_001.0, site }, events: 100_001 };
        let (_, trajectory) = recorder.end(record, &[3.0]);
        assert!(trajectory.len() <= Trajectory::MOST_POINTS && trajectory.len() > 1_200, "{}", trajectory.len());
        let points: Vec<TrajectoryPoint<'_>> = trajectory.points().collect();
        assert_eq!(points[0], TrajectoryPoint { time: 0.0, kind: PointKind::Start, x: &[0.0] });
        let [.., before, last] = &points[..] else { panic!() };
        assert_eq!((before.time, before.kind, before.x), (100_000.0, PointKind::BeforeJump, &[place][..]));
        assert_eq!((last.time, last.kind, last.x), (100_001.0, PointKind::Exit, &[3.0][..]));
        // No gap is longer than two intervals of 128.
        assert!(points.windows(2).all(|w| w[0].time <= w[1].time && w[1].time - w[0].time < 256.0));
        // A jump has both of its ends, and the longest jumps are the latest upward ones.
        let mut upward = 0;
        for pair in points.windows(2) {
            assert_eq!(
                pair[0].kind == PointKind::BeforeJump,
                [PointKind::AfterJump, PointKind::Exit].contains(&pair[1].kind)
            );
            upward += u32::from(pair[1].kind == PointKind::AfterJump && pair[1].x[0] > 0.2 + 0.09);
        }
        assert!(upward > 80, "{upward}");
        assert!(points[points.len() - 150..].windows(2).all(|w| w[1].time - w[0].time <= 1.0));
    }

    #[test]
    fn a_path_that_creeps_out_ends_on_the_edge() {
        let mut x = [1.2, 0.5];
        let square = Quadratic::new(vec![1.0, 1.0]).unwrap();
        let square = Basin::new(square, Domain::Box(vec![[-1.0, 1.0], [-1.0, 1.0]])).unwrap();
        move_to_edge(&square, &[0.8, 0.1], &mut x, [0.5, 2.0], Some(1));
        assert_eq!(x, [1.0, 0.2]);
        let round = Basin::new(Quadratic::new(vec![1.0, 1.0]).unwrap(), Domain::ball(0.5)).unwrap();
        let mut x = [0.6, 0.0];
        move_to_edge(&round, &[0.4, 0.2], &mut x, [1.0, 2.0], None);
        assert!((round.gauge(&x) - 1.0).abs() < 1e-12 && x[1] > 0.0);
    }

    #[test]
    fn a_censored_path_ends_where_it_is() {
        let basin = basin();
        let ends = |at| {
            let mut recorder = Recorder::new(&basin);
            recorder.step(1.0, &[0.01]);
            let (_, trajectory) = recorder.end(PathRecord { outcome: Outcome::Censored { at }, events: 1 }, &[0.0]);
            let last = trajectory.last().unwrap();
            (trajectory.len(), last.time, last.kind, last.x[0])
        };
        assert_eq!(ends(1.0), (2, 1.0, PointKind::Censored, 0.01));
        assert_eq!(ends(1.5), (3, 1.5, PointKind::Censored, 0.01));
    }
}
