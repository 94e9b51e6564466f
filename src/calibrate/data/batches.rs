//! Minibatches: the images of an epoch in shuffled order, cut into pieces of one size.

use rand::seq::SliceRandom;

use crate::noise::{Seed, Stream};

/// Purpose of a random stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::calibrate) enum Purpose {
    Weights,
    Training,
    /// The batches of a measurement at an iteration.
    Noise(u64),
    /// The choice of coordinates.
    Coordinates,
    /// The escape from a minimum.
    Escape,
    /// The Gaussian surrogate at an iteration.
    Surrogate(u64),
}

impl Purpose {
    /// Stream number `path` of this purpose. All optimisers share the streams, so they start from the same weights and use the
    /// same batches.
    pub fn stream(self, seed: Seed, path: u64) -> Stream {
        let cell = match self {
            Purpose::Weights => 0,
            Purpose::Training => 1,
            Purpose::Coordinates => 2,
            Purpose::Escape => 3,
            Purpose::Noise(iteration) => 4 + 2 * iteration,
            Purpose::Surrogate(iteration) => 5 + 2 * iteration,
        };
        Stream::new(seed, cell, path)
    }
}

/// An endless sequence of minibatches. Each epoch is a new shuffle; images that do not fill a batch are left out.
#[derive(Clone, Debug)]
pub(in crate::calibrate) struct Batches {
    seed: Seed,
    purpose: Purpose,
    size: usize,
    epoch: u64,
    next: usize,
    order: Vec<u32>,
}

impl Batches {
    /// Batches of `size` of `count` images, `1 ≤ size ≤ count`.
    pub fn new(seed: Seed, purpose: Purpose, size: usize, count: usize) -> Self {
        let mut batches = Batches { seed, purpose, size, epoch: 0, next: 0, order: (0..count as u32).collect() };
        batches.shuffle();
        batches
    }

    /// Indices of the images of the next batch.
    pub fn draw(&mut self) -> &[u32] {
        if self.next + self.size > self.order.len() {
            self.epoch += 1;
            self.next = 0;
            self.shuffle();
        }
        let batch = &self.order[self.next..self.next + self.size];
        self.next += self.size;
        batch
    }

    fn shuffle(&mut self) {
        self.order.shuffle(&mut self.purpose.stream(self.seed, self.epoch));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn an_epoch_holds_every_image_at_most_once() {
        let mut batches = Batches::new(Seed(1), Purpose::Training, 3, 10);
        let mut seen = HashSet::new();
        for _ in 0..3 {
            assert!(batches.draw().to_vec().into_iter().all(|image| seen.insert(image)));
        }
        let second: Vec<u32> = batches.draw().to_vec();
        assert_eq!(second.len(), 3);
        let first = |purpose| Batches::new(Seed(1), purpose, 3, 10).draw().to_vec();
        assert_eq!(first(Purpose::Training), first(Purpose::Training));
        assert_ne!(first(Purpose::Noise(7)), first(Purpose::Training));
    }
}
