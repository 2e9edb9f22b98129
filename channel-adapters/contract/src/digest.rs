//! Digests of sets of terms, kept up to date in time proportional to a change.
//!
//! The digest of a set is the sum, modulo 2^256, of the SHA-256 hashes of its
//! elements (big-endian): adding and removing one element is one addition, the
//! order does not matter, and the digest of any part is computed the same way.
//! Elements are placed by the first two bytes of the SHA-256 of their SKU, so
//! two holders that differ compare 32 bytes, then 256 bucket sums, then the
//! 256 buckets inside one of them, then the few SKUs of one bucket.
//! Digests tell holders apart that made mistakes; they are no defence against
//! a forger, who does not take part.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::canonical::HashError;
use crate::ident::serde_as_text;
use crate::{Facts, Hash, Sku, Timeline};

/// A 256-bit sum of hashes; the digest of the empty set is zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Digest([u64; 4]);

impl Digest {
    /// The digest of the empty set.
    pub const EMPTY: Self = Self([0; 4]);

    fn limbs(hash: &crate::Hash) -> [u64; 4] {
        let mut limbs = [0; 4];
        for (limb, bytes) in limbs.iter_mut().zip(hash.as_bytes().chunks_exact(8)) {
            *limb = bytes
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        }
        limbs
    }

    /// Adds an element.
    pub fn add(&mut self, hash: &crate::Hash) {
        self.add_limbs(Self::limbs(hash));
    }

    /// Takes an element away that was added before.
    pub fn remove(&mut self, hash: &crate::Hash) {
        let mut borrow = false;
        for (mine, theirs) in self.0.iter_mut().zip(Self::limbs(hash)).rev() {
            let (difference, under) = mine.overflowing_sub(theirs);
            let (difference, under_again) = difference.overflowing_sub(u64::from(borrow));
            *mine = difference;
            borrow = under || under_again;
        }
    }

    /// Adds all elements of another set.
    pub fn add_all(&mut self, other: Self) {
        self.add_limbs(other.0);
    }

    fn add_limbs(&mut self, limbs: [u64; 4]) {
        let mut carry = false;
        for (mine, theirs) in self.0.iter_mut().zip(limbs).rev() {
            let (sum, over) = mine.overflowing_add(theirs);
            let (sum, over_again) = sum.overflowing_add(u64::from(carry));
            *mine = sum;
            carry = over || over_again;
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; 32];
        for (eight, limb) in bytes.chunks_exact_mut(8).zip(self.0) {
            eight.copy_from_slice(&limb.to_be_bytes());
        }
        fmt::Display::fmt(&Hash::from_bytes(bytes), f)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<Hash>().map(|hash| Self(Self::limbs(&hash)))
    }
}

serde_as_text!(Digest);

/// The hash of one SKU's facts, computed once for all views.
#[must_use]
pub fn facts_hash(facts: &Facts) -> Hash {
    Hash::of_canonical(facts)
}

/// The element that a SKU's terms in a view add to the state digest:
/// SHA-256(sku ‖ 0x00 ‖ SHA-256(facts) ‖ SHA-256(segments)).
#[must_use]
pub fn item_hash(sku: &Sku, facts: &Hash, timeline: &Timeline) -> Hash {
    let segments = Hash::of_canonical(timeline);
    Hash::of(&[
        sku.as_str().as_bytes(),
        &[0],
        facts.as_bytes(),
        segments.as_bytes(),
    ])
}

/// The bucket of a SKU: the first two bytes of the SHA-256 of its text.
#[must_use]
pub fn bucket(sku: &Sku) -> u16 {
    let hash = Hash::of(&[sku.as_str().as_bytes()]);
    let [high, low, ..] = *hash.as_bytes();
    u16::from_be_bytes([high, low])
}

/// The digest of all terms of one view, in buckets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateDigest {
    root: Digest,
    buckets: BTreeMap<u16, Digest>,
}

impl StateDigest {
    /// The digest of everything.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.root
    }

    /// Replaces a SKU's element; `None` where it had or has no terms.
    pub fn replace(&mut self, sku: &Sku, old: Option<&Hash>, new: Option<&Hash>) {
        if old == new {
            return;
        }
        let bucket = bucket(sku);
        let sum = self.buckets.entry(bucket).or_default();
        for digest in [&mut self.root, sum] {
            old.iter().for_each(|hash| digest.remove(hash));
            new.iter().for_each(|hash| digest.add(hash));
        }
        if *self.buckets.entry(bucket).or_default() == Digest::EMPTY {
            self.buckets.remove(&bucket);
        }
    }

    /// Sums of the non-empty buckets by their first byte.
    #[must_use]
    pub fn by_first_byte(&self) -> BTreeMap<u8, Digest> {
        let mut sums: BTreeMap<u8, Digest> = BTreeMap::new();
        for (bucket, sum) in &self.buckets {
            sums.entry((bucket >> 8) as u8).or_default().add_all(*sum);
        }
        sums
    }

    /// The non-empty buckets whose first byte is `first`.
    #[must_use]
    pub fn within(&self, first: u8) -> BTreeMap<u16, Digest> {
        let start = u16::from(first) << 8;
        self.buckets
            .range(start..=start | 0xff)
            .map(|(bucket, sum)| (*bucket, *sum))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hash(n: u32) -> Hash {
        Hash::of(&[&n.to_be_bytes()])
    }

    fn sku(n: u32) -> Sku {
        Sku::parse(&format!("sku-{n}")).unwrap()
    }

    #[test]
    fn finds_the_differing_sku_in_three_steps() {
        let mut mine = StateDigest::default();
        for n in 0..5_000 {
            mine.replace(&sku(n), None, Some(&hash(n)));
        }
        let mut theirs = mine.clone();
        theirs.replace(&sku(1_234), Some(&hash(1_234)), Some(&hash(7)));
        assert_ne!(mine.root(), theirs.root());
        let (ours, others) = (mine.by_first_byte(), theirs.by_first_byte());
        let first: Vec<u8> = ours
            .keys()
            .copied()
            .filter(|b| ours[b] != others[b])
            .collect();
        assert_eq!(first.len(), 1);
        let (ours, others) = (mine.within(first[0]), theirs.within(first[0]));
        let second: Vec<u16> = ours
            .keys()
            .copied()
            .filter(|b| ours[b] != others[b])
            .collect();
        assert_eq!(second, vec![bucket(&sku(1_234))]);
    }

    proptest! {
        #[test]
        fn order_does_not_matter_and_removal_undoes(mut numbers in prop::collection::vec(0_u32..50, 0..40)) {
            let mut forward = Digest::EMPTY;
            numbers.iter().for_each(|n| forward.add(&hash(*n)));
            numbers.reverse();
            let mut backward = Digest::EMPTY;
            numbers.iter().for_each(|n| backward.add(&hash(*n)));
            prop_assert_eq!(forward, backward);
            numbers.iter().for_each(|n| forward.remove(&hash(*n)));
            prop_assert_eq!(forward, Digest::EMPTY);
        }

        #[test]
        fn incremental_equals_full(changes in prop::collection::vec((0_u32..20, prop::option::of(0_u32..5)), 0..60)) {
            let mut state = BTreeMap::new();
            let mut incremental = StateDigest::default();
            for (n, value) in changes {
                let old: Option<u32> = state.get(&n).copied();
                incremental.replace(&sku(n), old.map(hash).as_ref(), value.map(hash).as_ref());
                match value {
                    Some(value) => state.insert(n, value),
                    None => state.remove(&n),
                };
            }
            let mut full = StateDigest::default();
            for (n, value) in state {
                full.replace(&sku(n), None, Some(&hash(value)));
            }
            prop_assert_eq!(incremental, full);
        }
    }
}
