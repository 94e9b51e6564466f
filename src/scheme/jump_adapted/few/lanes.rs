//! The state of many paths in few dimensions.

use crate::noise::{Seed, Stream};

/// A path that is still inside.
#[derive(Clone, Debug)]
pub(super) struct FewPath<const D: usize> {
    pub path: u64,
    pub x: [f64; D],
    /// `m̂`, `v̂` and `q` of Adam, and 1 once the path has left a start at rest.
    pub own: [[f64; D]; 3],
    pub moved: f64,
    pub t: f64,
    /// The exponential number that the next large jump uses up.
    pub clock: f64,
    pub events: f64,
    pub stream: Stream,
}

/// Marks of a lane: its path needs a look; and the lane may have crossed the edge within its last step.
pub(super) const LOOK: f64 = 1.0;
pub(super) const BRIDGE: f64 = 2.0;

/// The numbers of `N` paths.
#[repr(align(64))]
pub(super) struct FewLanes<const D: usize, const N: usize> {
    pub x: [[f64; N]; D],
    /// `m̂`, `v̂` and `q` of Adam, and 1 in lanes that have left a start at rest.
    pub own: [[[f64; N]; D]; 3],
    pub moved: [f64; N],
    /// Whether Adam's path loses its memory in the wait, its swing, and the wait in units of the memory.
    pub forgets: [f64; N],
    pub swing: [f64; N],
    pub lapse: [f64; N],
    pub t: [f64; N],
    pub clock: [f64; N],
    pub events: [f64; N],
    pub streams: [Stream; N],
    /// Normal numbers of the next step.
    pub normals: [[f64; N]; D],
    /// With a dense amplitude, those of the second half of a step near the edge, and what is left of the offsets at its end. Far from the edge
    /// `normals` are the displacements themselves.
    pub more_normals: [[f64; N]; D],
    pub fades: [[f64; N]; D],
    /// The place before the last step, and the time of its beginning.
    pub before: [[f64; N]; D],
    pub since: [f64; N],
    /// 1 near the edge and 0 far from it, during the last step.
    pub near: [f64; N],
    /// Cuts near the edge: size, variance and its root, and rate.
    pub size: [[f64; N]; D],
    pub variance: [[f64; N]; D],
    pub root: [[f64; N]; D],
    pub rates: [[f64; N]; D],
    /// Rate of all large jumps.
    pub rate: [f64; N],
    /// Length of the last step, the wait for a jump, and the time left, at its beginning.
    pub tau: [f64; N],
    pub wait: [f64; N],
    pub left: [f64; N],
    /// Ends of the bridge of a round edge, and its variance per unit time.
    pub bridge: [[f64; N]; 3],
    /// Exponents of the bridges: lower and upper faces of a box, or one of a round edge; and the least.
    pub exponents: [[[f64; N]; 2]; D],
    pub least: [f64; N],
    pub marks: [f64; N],
}

impl<const D: usize, const N: usize> FewLanes<D, N> {
    /// Idle lanes at `x`.
    pub fn idle(x: [f64; D]) -> Self {
        let zero = [0.0; N];
        FewLanes {
            x: x.map(|x| [x; N]),
            own: [[[1.0; N]; D]; 3],
            moved: zero,
            forgets: zero,
            swing: zero,
            lapse: zero,
            t: zero,
            clock: [1.0; N],
            events: [f64::NEG_INFINITY; N],
            streams: std::array::from_fn(|_| Stream::new(Seed(0), 0, 0)),
            normals: [zero; D],
            more_normals: [zero; D],
            fades: [zero; D],
            before: [zero; D],
            since: zero,
            near: zero,
            size: [zero; D],
            variance: [zero; D],
            root: [zero; D],
            rates: [zero; D],
            rate: [1.0; N],
            tau: zero,
            wait: zero,
            left: zero,
            bridge: [zero; 3],
            exponents: [[zero; 2]; D],
            least: zero,
            marks: zero,
        }
    }

    pub fn set(&mut self, lane: usize, path: FewPath<D>) {
        self.x.iter_mut().zip(path.x).for_each(|(row, x)| row[lane] = x);
        (self.t[lane], self.clock[lane], self.events[lane]) = (path.t, path.clock, path.events);
        self.moved[lane] = path.moved;
        self.own.iter_mut().zip(path.own).for_each(|(rows, own)| {
            rows.iter_mut().zip(own).for_each(|(row, own)| row[lane] = own);
        });
        self.streams[lane] = path.stream;
    }

    /// The path number `path` in a lane.
    pub fn path(&self, lane: usize, path: u64) -> FewPath<D> {
        FewPath {
            path,
            x: self.place(lane),
            own: self.own.map(|rows| rows.map(|row| row[lane])),
            moved: self.moved[lane],
            t: self.t[lane],
            clock: self.clock[lane],
            events: self.events[lane],
            stream: self.streams[lane].clone(),
        }
    }

    /// The place of a lane.
    pub fn place(&self, lane: usize) -> [f64; D] {
        self.x.map(|row| row[lane])
    }
}
