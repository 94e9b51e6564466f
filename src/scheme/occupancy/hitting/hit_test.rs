//! Whether a step or a jump enters a target, on a line and in the plane.

use crate::dynamics::Problem;
use crate::landscape::Target;
use crate::noise::Structure;
use crate::scheme::exit_site::{by_coordinate, by_noise_axis, landed};
use crate::scheme::jump_adapted::Bridge;
use crate::scheme::{Departure, ExitSite, Side};

/// A point of a line or of the plane.
pub(super) trait Place: Copy {
    fn coordinates(&self) -> &[f64];
}

impl Place for f64 {
    fn coordinates(&self) -> &[f64] {
        std::slice::from_ref(self)
    }
}

impl Place for [f64; 2] {
    fn coordinates(&self) -> &[f64] {
        self
    }
}

/// A target as the paths see it, at places `P`.
pub(super) trait HitTest<P> {
    /// Whether a place lies in the target.
    fn holds(&self, x: P) -> bool;
    /// The distance of a place from the target, and the unit vector towards it.
    fn seen_from(&self, x: P) -> (f64, P);
    /// The stretch between the ends of a step, with the distance and the unit vector of [`HitTest::seen_from`] at its beginning.
    fn bridge(&self, before: P, after: P, seen: (f64, P)) -> Bridge;
    /// The site, and the point of the target, of a path that enters after a share of a step.
    fn crept(&self, before: P, after: P, share: f64) -> (ExitSite, P);
    /// The site of a path that a jump, in units of `εΣ`, takes to a place in the target.
    fn jumped(&self, x: P, jump: P) -> ExitSite;
}

/// A target on a line.
pub(super) struct LineTarget<'p> {
    pub problem: &'p Problem,
    pub ends: [f64; 2],
}

impl LineTarget<'_> {
    fn site(&self, x: f64, side: Side, by: Departure) -> ExitSite {
        let basin = self.problem.basin();
        ExitSite { axis: 0, side, overshoot: basin.gauge(&[x]).max(1.0), by, landed: landed(basin, &[x]) }
    }
}

impl HitTest<f64> for LineTarget<'_> {
    fn holds(&self, x: f64) -> bool {
        self.ends[0] <= x && x <= self.ends[1]
    }

    fn seen_from(&self, x: f64) -> (f64, f64) {
        let [lo, hi] = self.ends;
        if x < lo { (lo - x, 1.0) } else { (x - hi, -1.0) }
    }

    fn bridge(&self, _: f64, after: f64, (from, normal): (f64, f64)) -> Bridge {
        let [lo, hi] = self.ends;
        Bridge { from, to: if normal > 0.0 { lo - after } else { after - hi } }
    }

    fn crept(&self, before: f64, _: f64, _: f64) -> (ExitSite, f64) {
        let [lo, hi] = self.ends;
        let point = if before < lo { lo.next_up() } else { hi.next_down() };
        (self.site(point, Side::of(point - self.problem.basin().minimum()[0]), Departure::Creep), point)
    }

    fn jumped(&self, x: f64, jump: f64) -> ExitSite {
        // The amplitude of the mover is positive.
        let sign = self.problem.noise().amplitude().column(1, 0)[0].signum();
        self.site(x, Side::of(jump * sign), Departure::Jump)
    }
}

/// A target in the plane.
pub(super) struct PlanarTarget<'p> {
    pub problem: &'p Problem,
    pub sides: &'p Target,
}

impl HitTest<[f64; 2]> for PlanarTarget<'_> {
    fn holds(&self, x: [f64; 2]) -> bool {
        self.sides.holds(&x)
    }

    fn seen_from(&self, x: [f64; 2]) -> (f64, [f64; 2]) {
        let mut normal = [0.0; 2];
        (self.sides.distance(&x, &mut normal), normal)
    }

    /// Around a corner the distances at the two ends are along different vectors, an error of second order in the length of the step.
    fn bridge(&self, before: [f64; 2], after: [f64; 2], (from, normal): (f64, [f64; 2])) -> Bridge {
        let way = [after[0] - before[0], after[1] - before[1]];
        let crosses = self.sides.entry(before.into_iter(), way.into_iter()) <= 1.0;
        // The target lies behind the line through its nearest point, so a step that crosses the target ends behind that line.
        let to =
            if crosses { (from - normal[0] * way[0] - normal[1] * way[1]).min(0.0) } else { self.seen_from(after).0 };
        Bridge { from, to }
    }

    fn crept(&self, before: [f64; 2], after: [f64; 2], share: f64) -> (ExitSite, [f64; 2]) {
        let near = [0, 1].map(|i| before[i] + share * (after[i] - before[i]));
        let inside = self.sides.nearest_inside(&near);
        (by_coordinate(self.problem.basin(), &inside, Departure::Creep), [inside[0], inside[1]])
    }

    fn jumped(&self, x: [f64; 2], jump: [f64; 2]) -> ExitSite {
        let basin = self.problem.basin();
        match self.problem.noise().structure() {
            Structure::Isotropic => by_coordinate(basin, &x, Departure::Jump),
            Structure::Independent => {
                let axis = usize::from(jump[0] == 0.0);
                by_noise_axis(basin, &x, axis, jump[axis])
            }
        }
    }
}
