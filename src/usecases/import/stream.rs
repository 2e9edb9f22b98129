//! The bytes of a file on their way: counted, and not without end.

use std::io::{Error, Read, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Text of a file, unpacked, at the most: what unpacks to more is no price
/// list.
const MAX_TEXT_BYTES: u64 = 1 << 30;

/// Fails where there is more to read than allowed.
pub(super) struct Limited {
    inner: Box<dyn Read + Send>,
    left_bytes: u64,
}

impl Limited {
    pub(super) fn new(inner: Box<dyn Read + Send>) -> Self {
        Self {
            inner,
            left_bytes: MAX_TEXT_BYTES,
        }
    }
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left_bytes.checked_sub(read as u64) {
            Some(left) => self.left_bytes = left,
            None => {
                return Err(Error::other(format!(
                    "it holds more than {MAX_TEXT_BYTES} bytes of text"
                )));
            }
        }
        Ok(read)
    }
}

/// Counts the bytes that were read, for the progress of a compressed file.
pub(super) struct Counted {
    bytes: Arc<AtomicU64>,
    inner: Box<dyn Read + Send>,
}

pub(super) struct Count(Arc<AtomicU64>);

impl Count {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counted {
    pub(super) fn new(inner: Box<dyn Read + Send>) -> Self {
        Self {
            bytes: Arc::default(),
            inner,
        }
    }

    pub(super) fn count(&self) -> Count {
        Count(Arc::clone(&self.bytes))
    }
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
