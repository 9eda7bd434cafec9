//! Compressed files, told by how they begin, whatever they are called.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

/// Endings of names that say how the rest of the name is compressed.
pub(super) const ENDINGS: [&str; 6] = [".gz", ".bz2", ".xz", ".zst", ".zstd", ".gzip"];

/// What these bytes, of which `head` are the first, are when they are not compressed.
pub(super) fn decompressed<'a>(head: &[u8], bytes: impl BufRead + Send + 'a) -> Box<dyn Read + Send + 'a> {
    const BLOCK_OR_END: [&[u8]; 2] = [b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90"];
    match head {
        [0x1F, 0x8B, ..] => Box::new(Gzip(Some(GzDecoder::new(bytes)))),
        [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..]
            if BLOCK_OR_END.iter().any(|magic| rest.starts_with(magic)) =>
        {
            Box::new(bzip2::bufread::MultiBzDecoder::new(bytes))
        }
        [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => Box::new(lzma_rust2::XzReader::new(bytes, true)),
        [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => {
            Box::new(Zstd { bytes, frame: FrameDecoder::new(), is_open: false })
        }
        _ => Box::new(bytes),
    }
}

/// Members of gzip one after the other, with zeros behind them or not: tapes and block devices pad with them.
struct Gzip<R: BufRead>(Option<GzDecoder<R>>);

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let size = member.read(out)?;
            if size > 0 || out.is_empty() {
                return Ok(size);
            }
            let Some(member) = self.0.take() else { break };
            let mut bytes = member.into_inner();
            if !skip_zeros(&mut bytes)? {
                self.0 = Some(GzDecoder::new(bytes));
            }
        }
        Ok(0)
    }
}

/// Passes zeros over; whether nothing else follows.
fn skip_zeros(bytes: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let ahead = bytes.fill_buf()?;
        if ahead.is_empty() {
            return Ok(true);
        }
        let zeros = ahead.iter().take_while(|byte| **byte == 0).count();
        let all = zeros == ahead.len();
        bytes.consume(zeros);
        if !all {
            return Ok(false);
        }
    }
}

/// Frames of Zstandard one after the other.
struct Zstd<R> {
    bytes: R,
    frame: FrameDecoder,
    is_open: bool,
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if out.is_empty() || (!self.is_open && !self.open()?) {
                return Ok(0);
            }
            if self.frame.can_collect() > 0 {
                return self.frame.read(out);
            }
            if self.frame.is_finished() {
                let expected = self.frame.get_checksum_from_data();
                if expected.is_some() && expected != self.frame.get_calculated_checksum() {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "its checksum is wrong"));
                }
                self.is_open = false;
                continue;
            }
            let blocks = ruzstd::decoding::BlockDecodingStrategy::UptoBlocks(1);
            self.frame.decode_blocks(&mut self.bytes, blocks).map_err(|error| invalid(&error))?;
        }
    }
}

impl<R: BufRead> Zstd<R> {
    /// Begins the next frame; whether there is one.
    fn open(&mut self) -> io::Result<bool> {
        while !self.bytes.fill_buf()?.is_empty() {
            match self.frame.reset(&mut self.bytes) {
                Ok(()) => {
                    self.is_open = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    io::copy(&mut self.bytes.by_ref().take(u64::from(length)), &mut io::sink())?;
                }
                Err(error) => return Err(invalid(&error)),
            }
        }
        Ok(false)
    }
}

fn invalid(error: &FrameDecoderError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}
