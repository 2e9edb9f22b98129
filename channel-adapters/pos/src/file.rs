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

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
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

/// What a goods file holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Goods {
    /// Whether the till has taken it: line 2 is `@` and the flag is gone.
    pub is_taken: bool,
    /// Codes to be deleted.
    pub deleted: BTreeSet<Sku>,
    /// Ware lines with the number of the line in the file, from 1.
    pub wares: Vec<(usize, Vec<u8>)>,
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
    /// not take as a goods file is an error of kind `InvalidData`.
    pub fn read(&self) -> io::Result<Option<Goods>> {
        let bytes = match fs::read(self.path()) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let has_flag = self.flag().try_exists()?;
        let mut goods = parse(&bytes).map_err(|reason| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{}: {reason}", self.path().display()),
            )
        })?;
        goods.is_taken &= !has_flag;
        Ok(Some(goods))
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

fn parse(bytes: &[u8]) -> Result<Goods, String> {
    let mut lines = bytes
        .split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .enumerate()
        .map(|(index, line)| (index + 1, line));
    let mut goods = Goods::default();
    if lines.next().map(|(_, line)| line) != Some(SIGNATURE.as_bytes()) {
        return Err(format!("line 1 is not {SIGNATURE}"));
    }
    let second = lines.next().map(|(_, line)| decode(line).trim().to_owned());
    goods.is_taken = match second.as_deref() {
        Some(NEW) => false,
        Some(TAKEN) => true,
        _ => return Err(format!("line 2 is neither {NEW} nor {TAKEN}")),
    };
    let mut command = String::new();
    for (number, line) in lines.filter(|(_, line)| !line.is_empty()) {
        if line.starts_with(b"$$$") {
            command = decode(line).trim_end().to_owned();
        } else if command == REPLACE {
            goods.wares.push((number, line.to_vec()));
        } else if command == DELETE {
            let sku =
                Sku::parse(&decode(line)).map_err(|error| format!("line {number}: {error}"))?;
            goods.deleted.insert(sku);
        } else {
            return Err(format!(
                "line {number} follows the command {command:?}, which is not ours"
            ));
        }
    }
    Ok(goods)
}
