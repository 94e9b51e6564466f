//! What happens to single paths at the end of a step.

use pulp::Scalar;
use rand::RngExt;
use rand_distr::Exp1;

use super::super::barrier::{Bridge, crossed};
use super::super::cut::Cut;
use super::super::large_jumps::{Cuts, Jump};
use super::super::path_events::PathEvents;
use super::adam::FORGETS;
use super::axes::{FewAxes, Shape};
use super::lanes::{BRIDGE, FewLanes};
use crate::scheme::exit_site::{by_coordinate, by_face, by_noise_axis, is_lost};
use crate::scheme::vector::Number;
use crate::scheme::{Departure, Limits, Outcome, PathRecord};

/// The constants and the scratch that single paths need.
pub(super) struct Attention<'a, const D: usize> {
    axes: &'a FewAxes<D>,
    paths: &'a PathEvents,
    limits: Limits<'a>,
    far: Cuts,
    near: Cuts,
    kick: Vec<f64>,
    scratch: Vec<f64>,
    /// No bridge crosses with a draw below the least exponent by the logarithm of the number of faces.
    margin: f64,
}

impl<'a, const D: usize> Attention<'a, D> {
    pub fn new(axes: &'a FewAxes<D>, paths: &'a PathEvents, limits: Limits<'a>) -> Self {
        let cuts = paths.jumps().cuts_far();
        let margin = (2.0 * axes.dim as f64).ln() + 1e-6;
        let zero = vec![0.0; axes.dim];
        Attention { axes, paths, limits, far: cuts.clone(), near: cuts, kick: zero.clone(), scratch: zero, margin }
    }

    /// The end of the path in a lane, if its last step led to it; otherwise the jump at the end of its wait.
    pub fn look<const N: usize>(&mut self, lanes: &mut FewLanes<D, N>, lane: usize) -> Option<PathRecord> {
        if lanes.marks[lane] < BRIDGE {
            return self.attend(lanes, lane, None);
        }
        let draw = lanes.streams[lane].sample(Exp1);
        let stays = draw < lanes.least[lane] - self.margin;
        if stays && lanes.marks[lane] == BRIDGE { None } else { self.attend(lanes, lane, Some(draw)) }
    }

    #[inline(never)]
    fn attend<const N: usize>(
        &mut self,
        lanes: &mut FewLanes<D, N>,
        lane: usize,
        draw: Option<f64>,
    ) -> Option<PathRecord> {
        let basin = self.paths.problem().basin();
        let dim = self.axes.dim;
        let mut place = lanes.place(lane);
        let x = &mut place[..dim];
        let (t, tau, since) = (lanes.t[lane], lanes.tau[lane], lanes.since[lane]);
        let events = lanes.events[lane] as u64;
        let record = |outcome| Some(PathRecord { outcome, events });
        if !x.iter().all(|x| x.is_finite()) {
            return record(Outcome::Diverged { at: t });
        }
        let near = lanes.near[lane] > 0.0;
        let crossing = match draw {
            Some(draw) => self.crossing(lanes, lane, draw),
            // A draw from the law at rest is not a step that may cross the edge.
            None if near || lanes.forgets[lane] == FORGETS => None,
            None => (!basin.contains(x)).then_some((tau, None)),
        };
        if let Some((delay, face)) = crossing {
            let site = match face {
                Some(face) => by_face(face / 2, face % 2 == 1),
                None => by_coordinate(basin, x, Departure::Creep),
            };
            return record(Outcome::Exited { time: since + delay, site });
        }
        if tau >= lanes.left[lane] {
            return record(Outcome::Censored { at: self.limits.max_time });
        }
        if tau < lanes.wait[lane] {
            return if events >= self.limits.max_events { record(Outcome::Censored { at: t }) } else { None };
        }
        let stream = &mut lanes.streams[lane];
        lanes.clock[lane] = stream.sample(Exp1);
        let events = events + 1;
        lanes.events[lane] = events as f64;
        let record = |outcome| Some(PathRecord { outcome, events });
        let cuts = if near {
            let cut = |j: usize| Cut { size: lanes.size[j][lane], variance: f64::NAN, rate: lanes.rates[j][lane] };
            self.near.set((0..dim).map(cut), lanes.rate[lane]);
            &self.near
        } else {
            &self.far
        };
        let jump = self.paths.jumps().draw(cuts, &mut self.kick, &mut self.scratch, stream);
        match &self.axes.adam {
            None => x.iter_mut().zip(&self.kick).for_each(|(x, d)| *x += d),
            Some(_) => {
                let q = lanes.own[2].iter().map(|row| row[lane]);
                x.iter_mut().zip(&self.kick).zip(q).for_each(|((x, d), q)| *x += d / q);
                lanes.moved[lane] = 1.0;
            }
        }
        if is_lost(basin, x) {
            return record(Outcome::Diverged { at: t });
        }
        if !basin.contains(x) {
            let site = match jump {
                Jump::Axis { axis, size } => by_noise_axis(basin, x, axis, size),
                Jump::Isotropic => by_coordinate(basin, x, Departure::Jump),
            };
            return record(Outcome::Exited { time: t, site });
        }
        if events >= self.limits.max_events {
            return record(Outcome::Censored { at: t });
        }
        lanes.x.iter_mut().zip(&*x).for_each(|(row, x)| row[lane] = *x);
        None
    }

    /// The crossing of the bridge of the last step, and the number of the face of a box.
    fn crossing<const N: usize>(
        &self,
        lanes: &mut FewLanes<D, N>,
        lane: usize,
        draw: f64,
    ) -> Option<(f64, Option<usize>)> {
        let tau = lanes.tau[lane];
        if self.axes.shape != Shape::Box {
            crossed([lanes.least[lane]], draw)?;
            let [from, to, variance] = lanes.bridge.map(|row| row[lane]);
            let delay = Bridge { from, to }.crossing_time(variance, tau, &mut lanes.streams[lane]);
            return Some((delay, None));
        }
        let exponents = lanes.exponents.iter().take(self.axes.dim).flat_map(|rows| [rows[0][lane], rows[1][lane]]);
        let face = crossed(exponents, draw)?;
        let (i, side) = (face / 2, face % 2);
        let [variance, shift] = self.axes.at_face(Scalar, lanes, lane, i);
        let [before, x] = [&lanes.before[i], &lanes.x[i]].map(|row| Number::of(row[lane]));
        let [from, to] = self.axes.axes[i].face_distances(before, x, shift)[side].map(Number::lane);
        let delay = Bridge { from, to }.crossing_time(variance.lane(), tau, &mut lanes.streams[lane]);
        Some((delay, Some(face)))
    }
}
