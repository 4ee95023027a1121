//! How large the new pictures are.

use media::Target;

/// Smallest side that the muxer takes.
const SMALLEST: u32 = 16;

/// The largest size, as displayed, that has this shape and lies within the target's bounds; never
/// larger than it was. Sides are even: colour is stored for squares of four pixels.
pub(super) fn fit((width, height): (u32, u32), target: &Target) -> (u32, u32) {
    let scale = (f64::from(target.max_width) / f64::from(width.max(1)))
        .min(f64::from(target.max_height) / f64::from(height.max(1)))
        .min(1.0);
    let side = |side: u32, most: u32| {
        let even = (f64::from(side) * scale / 2.0).round() as u32 * 2;
        let most = most.min(side) & !1;
        even.min(most).max(SMALLEST)
    };
    (
        side(width, target.max_width),
        side(height, target.max_height),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_keep_their_shape_within_the_bounds_on_even_sides() {
        let upright = Target::default();
        let square = Target {
            max_width: 641,
            max_height: 641,
            ..upright
        };
        for (target, from, to) in [
            (upright, (1080, 1920), (1080, 1920)),
            (upright, (2160, 3840), (1080, 1920)),
            (upright, (3840, 2160), (1080, 608)),
            (upright, (540, 960), (540, 960)),
            (upright, (181, 321), (180, 320)),
            (upright, (1080, 2400), (864, 1920)),
            (upright, (4, 4), (16, 16)),
            (square, (1280, 720), (640, 360)),
            (square, (720, 1280), (360, 640)),
        ] {
            assert_eq!(fit(from, &target), to, "{from:?}");
        }
    }
}
