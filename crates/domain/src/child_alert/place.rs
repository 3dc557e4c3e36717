//! Shapes of an area in the notation of the Common Alerting Protocol: latitude and longitude in degrees of WGS 84.

/// Fewest points of a polygon: a triangle, closed.
const FEWEST_POINTS: usize = 4;
/// Most points of a polygon.
const MOST_POINTS: usize = 200;
/// Half the way round the earth in kilometres: no circle is wider.
const WIDEST_KM: f64 = 20_038.0;

/// A number as the standard writes it: digits, a sign and a point, nothing else.
fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-'));
    if plain { text.parse().ok() } else { None }
}

fn is_point(text: &str) -> bool {
    let Some((latitude, longitude)) = text.split_once(',') else { return false };
    let within = |text: &str, most: f64| number(text).is_some_and(|degrees| degrees.abs() <= most);
    within(latitude, 90.0) && within(longitude, 180.0)
}

/// Whether a text is a closed polygon: at least four points, the last the same as the first, one space between.
pub fn is_polygon(text: &str) -> bool {
    let points: Vec<_> = text.split(' ').collect();
    (FEWEST_POINTS..=MOST_POINTS).contains(&points.len())
        && points.iter().all(|point| is_point(point))
        && points.first() == points.last()
}

/// Whether a text is a circle: its centre, a space, its radius in kilometres.
pub fn is_circle(text: &str) -> bool {
    let Some((centre, radius)) = text.split_once(' ') else { return false };
    is_point(centre) && number(radius).is_some_and(|radius| (0.0..=WIDEST_KM).contains(&radius))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polygon_is_closed_and_lies_on_the_earth() {
        assert!(is_polygon("25.2,51.4 25.4,51.4 25.4,51.6 25.2,51.4"));
        assert!(is_polygon("-90,-180 90,-180 90,180 -90,-180"));
        for wrong in [
            "",
            "25.2,51.4",
            "25.2,51.4 25.4,51.4 25.2,51.4",
            "25.2,51.4 25.4,51.4 25.4,51.6 25.3,51.4",
            "25.2,51.4  25.4,51.4 25.4,51.6 25.2,51.4",
            "91,0 0,0 0,1 91,0",
            "0,181 0,0 0,1 0,181",
            "NaN,0 0,0 0,1 NaN,0",
            "1e1,0 0,0 0,1 1e1,0",
            "here there here there",
        ] {
            assert!(!is_polygon(wrong), "{wrong}");
        }
        assert!(!is_polygon(&["1,1"; MOST_POINTS + 1].join(" ")));
    }

    #[test]
    fn a_circle_has_a_centre_and_a_radius() {
        assert!(is_circle("25.2854,51.5310 12.5") && is_circle("0,0 0"));
        for wrong in
            ["", "25.2,51.4", "25.2,51.4 -1", "25.2,51.4 20039", "25.2,51.4 inf", "25.2 51.4 1", "95,0 1"]
        {
            assert!(!is_circle(wrong), "{wrong}");
        }
    }
}
