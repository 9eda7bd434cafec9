//! Which instructions the kernels are run with.

use std::sync::LazyLock;

use pulp::{Arch, WithSimd};

use crate::error::{Error, Result};

/// The variable that asks for fewer instructions than the CPU has, for measurements and tests.
const VARIABLE: &str = "PENCHANT_SIMD";

/// Instruction sets by their names, the best first.
#[cfg(target_arch = "x86_64")]
const NAMES: &[&str] = &["avx512", "avx2", "scalar"];
#[cfg(target_arch = "aarch64")]
const NAMES: &[&str] = &["neon", "scalar"];
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const NAMES: &[&str] = &["scalar"];

/// Those of this CPU, asked once.
static CHOSEN: LazyLock<Result<(&str, Arch)>> = LazyLock::new(|| {
    chosen(std::env::var_os(VARIABLE).as_ref().map(|name| name.to_string_lossy()).as_deref())
});

/// The name of the instructions that the kernels are run with: `avx512`, `avx2` (with FMA and F16C), `neon` or `scalar`.
///
/// They are the best that the CPU has, or those that the environment variable `PENCHANT_SIMD` asks for. Fails if it
/// names others than this CPU has; everything is then computed with the best.
pub fn instruction_set() -> Result<&'static str> {
    CHOSEN.as_ref().map(|&(name, _)| name).map_err(Clone::clone)
}

/// Runs `work` compiled for the best instructions that this CPU has.
pub(crate) fn dispatch<W: WithSimd>(work: W) -> W::Output {
    on(arch(), work)
}

/// Whether half precision can be read as fast as it is stored: with AVX-512, AVX2 and NEON.
pub(crate) fn has_fast_halves() -> bool {
    !matches!(arch(), Arch::Scalar)
}

fn arch() -> Arch {
    CHOSEN.as_ref().map_or_else(|_| best().1, |&(_, arch)| arch)
}

/// Runs `work` compiled for these instructions.
pub(super) fn on<W: WithSimd>(arch: Arch, work: W) -> W::Output {
    #[cfg(target_arch = "x86_64")]
    if let Arch::V3(v3) = arch {
        // SAFETY: the token proves all but F16C, and `supported` is where tokens come from, which asks for that.
        return unsafe { with_halves(v3, work) };
    }
    arch.dispatch(work)
}

/// AVX2 is taken only together with F16C, which every CPU that has the one has as well.
///
/// # Safety
/// The CPU has F16C.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt,sse4.2,fxsr")]
unsafe fn with_halves<W: WithSimd>(v3: pulp::x86::V3, work: W) -> W::Output {
    work.with_simd(v3)
}

/// What this CPU has, the best first.
pub(super) fn supported() -> impl Iterator<Item = (&'static str, Arch)> {
    NAMES.iter().filter_map(|&name| {
        #[cfg(target_arch = "x86_64")]
        let found = match name {
            "avx512" => pulp::x86::V4::try_new().filter(|_| is_x86_feature_detected!("f16c")).map(Arch::V4),
            "avx2" => pulp::x86::V3::try_new().filter(|_| is_x86_feature_detected!("f16c")).map(Arch::V3),
            _ => Some(Arch::Scalar),
        };
        #[cfg(not(target_arch = "x86_64"))]
        let found = if name == "scalar" { Some(Arch::Scalar) } else { Some(Arch::new()) };
        found.map(|arch| (name, arch))
    })
}

fn best() -> (&'static str, Arch) {
    supported().next().unwrap_or(("scalar", Arch::Scalar))
}

fn chosen(wanted: Option<&str>) -> Result<(&'static str, Arch)> {
    match wanted {
        None | Some("") => Ok(best()),
        Some(wanted) => {
            supported().find(|&(name, _)| name == wanted).ok_or_else(|| Error::NoSuchInstructions {
                wanted: wanted.to_owned(),
                supported: supported().map(|(name, _)| name).collect::<Vec<_>>().join(", "),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_the_best_unless_others_are_asked_for() {
        let name = |wanted| chosen(wanted).map(|(name, _)| name);
        assert_eq!(name(None), name(Some("")));
        assert_eq!(name(None), Ok(best().0));
        assert_eq!(name(Some("scalar")), Ok("scalar"));
        let message = name(Some("mmx")).expect_err("there is no such").to_string();
        assert!(message.starts_with("PENCHANT_SIMD is mmx, but this CPU has "), "{message}");
    }
}
