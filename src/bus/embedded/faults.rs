//! Misbehaviour on demand, repeatable from a seed.

/// How the embedded broker misbehaves. The default is not at all.
///
/// Chances are in thousandths, 0 to 1000, thrown for each message and queue
/// (or for each batch, where it says so). The same seed and the same calls
/// give the same faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    /// Nothing can be published, received or settled; what was handed out and
    /// not settled is delivered again afterwards.
    pub away: bool,
    /// A batch breaks off: some of its first messages arrive, the publisher is
    /// told of an error.
    pub cut_permille: u16,
    /// A message arrives twice.
    pub duplicate_permille: u16,
    /// A message is confirmed and lost all the same.
    pub lose_permille: u16,
    /// A message overtakes up to three that wait before it.
    pub reorder_permille: u16,
    /// Where the random numbers start.
    pub seed: u64,
    /// A whole batch arrives, the publisher is told that it was not confirmed.
    pub unconfirmed_permille: u16,
}

/// Throws the dice for [`Faults`].
pub(super) struct Dice {
    faults: Faults,
    state: u64,
}

impl Dice {
    pub(super) fn new(faults: Faults) -> Self {
        Self {
            faults,
            state: faults.seed,
        }
    }

    pub(super) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Where to cut a batch of this length, if at all.
    pub(super) fn cut(&mut self, len: usize) -> Option<usize> {
        (len > 0 && self.happens(self.faults.cut_permille)).then(|| self.below(len))
    }

    pub(super) fn unconfirmed(&mut self) -> bool {
        self.happens(self.faults.unconfirmed_permille)
    }

    /// How often a message arrives: 0, 1 or 2 times.
    pub(super) fn copies(&mut self) -> u8 {
        if self.happens(self.faults.lose_permille) {
            0
        } else if self.happens(self.faults.duplicate_permille) {
            2
        } else {
            1
        }
    }

    /// How many waiting messages a message overtakes.
    pub(super) fn places_ahead(&mut self) -> usize {
        if self.happens(self.faults.reorder_permille) {
            1 + self.below(3)
        } else {
            0
        }
    }

    fn happens(&mut self, permille: u16) -> bool {
        // No throw for what cannot happen, so that switching one fault on does
        // not shift the others more than it must.
        permille > 0 && self.below(1000) < usize::from(permille)
    }

    fn below(&mut self, bound: usize) -> usize {
        // SplitMix64: repeatable everywhere, nothing depends on its quality.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(z % bound).unwrap_or(0)
    }
}
