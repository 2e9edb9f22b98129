//! The goods file: written whole, read as a till reads it.
//!
//! ```text
//! ##@@&&
//! #                             "@" when the till has taken it
//! $$$DELETEWARESBYWARECODE      codes that are not sold any more
//! $$$REPLACEQUANTITYWITHOUTSALE all wares that are
//! ```
//!
//! `REPLACEQUANTITYWITHOUTSALE` replaces a ware's card: unlike `ADDQUANTITY`,
//! taking the same file twice changes nothing.
//!
//! Beside it lies `goods-deleted.txt`, which the till does not know: the codes
//! that the file deletes. It is what is left to know them by when somebody
//! breaks or removes the goods file before the till has taken it.
//!
//! A shop has a million wares at the most, so neither writing nor reading holds
//! more than a line at a time.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use offercast_contract::Sku;

use crate::text::decode;

const SIGNATURE: &str = "##@@&&";
const NEW: &str = "#";
const TAKEN: &str = "@";
const DELETE: &str = "$$$DELETEWARESBYWARECODE";
const REPLACE: &str = "$$$REPLACEQUANTITYWITHOUTSALE";

/// Where the goods file of one store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoodsFile {
    directory: PathBuf,
}

/// What a goods file says beside its wares.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Goods {
    /// Whether the till has taken it: line 2 is `@` and the flag is gone.
    pub is_taken: bool,
    /// Codes to be deleted.
    pub deleted: BTreeSet<Sku>,
}

impl GoodsFile {
    /// The file in a store's directory.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// `goods.txt`.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.directory.join("goods.txt")
    }

    /// `goods-flag.txt`, which the till deletes when it has taken the file.
    #[must_use]
    pub fn flag(&self) -> PathBuf {
        self.directory.join("goods-flag.txt")
    }

    /// Where a new file is written before it takes its name.
    #[must_use]
    pub fn temporary(&self) -> PathBuf {
        self.directory.join("goods.txt.new")
    }

    /// Writes the file whole: under a temporary name, flushed to disk, renamed,
    /// then the flag. On an error the old file is intact.
    ///
    /// `write_wares` writes the ware lines by the function it is given.
    pub fn write<E: From<io::Error>>(
        &self,
        deleted: &BTreeSet<Sku>,
        write_wares: impl FnOnce(&mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), E>,
    ) -> Result<(), E> {
        fs::create_dir_all(&self.directory)?;
        self.remember(deleted)?;
        let temporary = self.temporary();
        let written = write_all(&temporary, deleted, write_wares);
        if let Err(error) = written {
            // Whatever is left of it is of no use; a failure to remove it
            // changes nothing, since the next attempt truncates it.
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        fs::rename(&temporary, self.path())?;
        sync_directory(&self.directory)?;
        File::create(self.flag())?.sync_all()?;
        sync_directory(&self.directory)?;
        Ok(())
    }

    /// Reads the file; `None` where there is none. A file that a till would
    /// not take as a goods file is an error of kind `InvalidData`. `each` gets
    /// the ware lines, with the number of the line in the file, from 1.
    pub fn read(&self, each: &mut dyn FnMut(usize, &[u8])) -> io::Result<Option<Goods>> {
        let Some(file) = found(File::open(self.path()))? else {
            return Ok(None);
        };
        let has_flag = self.flag().try_exists()?;
        let mut goods = parse(BufReader::new(file), each).map_err(|error| {
            let reason = format!("{}: {error}", self.path().display());
            io::Error::new(error.kind(), reason)
        })?;
        goods.is_taken &= !has_flag;
        Ok(Some(goods))
    }

    /// The codes that the last file written here deletes, as far as they are
    /// legible.
    pub fn remembered(&self) -> io::Result<BTreeSet<Sku>> {
        let bytes = found(fs::read(self.memory()))?.unwrap_or_default();
        let lines = String::from_utf8_lossy(&bytes);
        Ok(lines
            .lines()
            .filter_map(|line| Sku::parse(line).ok())
            .collect())
    }

    /// Written before the goods file, so that no deletion is known to that file
    /// alone; one too many is asked about before it is written.
    fn remember(&self, deleted: &BTreeSet<Sku>) -> io::Result<()> {
        if deleted.is_empty() {
            return match fs::remove_file(self.memory()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        let lines: String = deleted.iter().map(|sku| format!("{sku}\n")).collect();
        let temporary = self.directory.join("goods-deleted.txt.new");
        let mut file = File::create(&temporary)?;
        file.write_all(lines.as_bytes())?;
        file.sync_all()?;
        fs::rename(&temporary, self.memory())?;
        sync_directory(&self.directory)
    }

    fn memory(&self) -> PathBuf {
        self.directory.join("goods-deleted.txt")
    }
}

/// None where there is no such file.
fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write_all<E: From<io::Error>>(
    path: &Path,
    deleted: &BTreeSet<Sku>,
    write_wares: impl FnOnce(&mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), E>,
) -> Result<(), E> {
    let mut out = BufWriter::new(File::create(path)?);
    let mut line = |bytes: &[u8]| {
        out.write_all(bytes)?;
        out.write_all(b"\r\n")
    };
    line(SIGNATURE.as_bytes())?;
    line(NEW.as_bytes())?;
    if !deleted.is_empty() {
        line(DELETE.as_bytes())?;
        for sku in deleted {
            line(sku.as_str().as_bytes())?;
        }
    }
    line(REPLACE.as_bytes())?;
    write_wares(&mut line)?;
    out.flush()?;
    out.get_ref().sync_all()?;
    Ok(())
}

/// Makes a rename or a new name durable.
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn parse(mut file: impl BufRead, each: &mut dyn FnMut(usize, &[u8])) -> io::Result<Goods> {
    let wrong = |reason: String| io::Error::new(io::ErrorKind::InvalidData, reason);
    let mut goods = Goods::default();
    let mut command = String::new();
    let (mut number, mut bytes) = (0, Vec::new());
    loop {
        bytes.clear();
        if file.read_until(b'\n', &mut bytes)? == 0 {
            break;
        }
        number += 1;
        let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match number {
            1 if line != SIGNATURE.as_bytes() => {
                return Err(wrong(format!("line 1 is not {SIGNATURE}")));
            }
            1 => {}
            2 => {
                goods.is_taken = match decode(line).trim() {
                    NEW => false,
                    TAKEN => true,
                    _ => return Err(wrong(format!("line 2 is neither {NEW} nor {TAKEN}"))),
                }
            }
            _ if line.is_empty() => {}
            _ if line.starts_with(b"$$$") => command = decode(line).trim_end().to_owned(),
            _ if command == REPLACE => each(number, line),
            _ if command == DELETE => {
                let sku = Sku::parse(&decode(line));
                let sku = sku.map_err(|error| wrong(format!("line {number}: {error}")))?;
                goods.deleted.insert(sku);
            }
            _ => {
                return Err(wrong(format!(
                    "line {number} follows the command {command:?}, which is not ours"
                )));
            }
        }
    }
    match number {
        0 => Err(wrong(format!("line 1 is not {SIGNATURE}"))),
        1 => Err(wrong(format!("line 2 is neither {NEW} nor {TAKEN}"))),
        _ => Ok(goods),
    }
}
