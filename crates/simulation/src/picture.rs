//! A comparison as a picture: how soon each class is answered under each policy, and what counsellors change.

use helpline_domain::risk::Class;
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::compare::Comparison;
use crate::policy::Policy;
use crate::staffing::Point;

/// Why a picture could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("the picture could not be drawn: {0}")]
pub struct PictureError(String);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Width and height.
const SIZE: (u32, u32) = (1200, 1320);
const GREY: RGBColor = RGBColor(120, 120, 120);

/// Colours that are told apart by who sees few colours too; ours is the strongest.
const fn colour(policy: Policy) -> RGBColor {
    match policy {
        Policy::Fifo => RGBColor(153, 153, 153),
        Policy::Strict => RGBColor(213, 94, 0),
        Policy::TimedTargets => RGBColor(204, 121, 167),
        Policy::SecondsWaited => RGBColor(86, 180, 233),
        Policy::Edf => RGBColor(0, 158, 115),
        Policy::Ours => RGBColor(0, 60, 140),
    }
}

const fn colour_of(class: Class) -> RGBColor {
    match class {
        Class::Critical => RGBColor(190, 0, 30),
        Class::High => RGBColor(230, 140, 0),
        Class::Medium => RGBColor(0, 114, 178),
        Class::Low => RGBColor(110, 110, 110),
    }
}

/// The picture as SVG.
///
/// # Errors
/// Never as far as is known; the drawing library has them.
pub fn picture(comparison: &Comparison, points: &[Point]) -> Result<String, PictureError> {
    let mut svg = String::new();
    drawn(&mut svg, comparison, points).map_err(|error| PictureError(error.to_string()))?;
    Ok(svg)
}

fn drawn(
    svg: &mut String,
    comparison: &Comparison,
    points: &[Point],
) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let scenario = &comparison.scenario;
    let title = format!(
        "{}: {} counsellors, {:.0} contacts per hour",
        scenario.name,
        scenario.counsellors.count,
        scenario.contacts_per_hour()
    );
    let root = root.titled(&title, ("sans-serif", 26))?;
    let (curves, staff) = root.split_vertically(860);
    for (area, class) in curves.split_evenly((2, 2)).iter().zip(Class::ALL) {
        waits(area, comparison, class)?;
    }
    staffing(&staff, comparison, points)?;
    root.present()?;
    Ok(())
}

/// Share of a class answered within a time, for each policy.
fn waits(area: &Area<'_>, comparison: &Comparison, class: Class) -> Result<(), Box<dyn std::error::Error>> {
    let Some(of_class) = comparison.scenario.class(class) else { return Ok(()) };
    let target = of_class.target_s;
    // Four targets show what happens around the target.
    let until = (target * 4.0).clamp(60.0, 890.0);
    let mut chart = ChartBuilder::on(area)
        .caption(format!("{}: answered within, target {target} s", class.key()), ("sans-serif", 19))
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(58)
        .build_cartesian_2d(0.0..until, 0.0..100.0)?;
    chart
        .configure_mesh()
        .x_desc("seconds since arrival")
        .x_label_formatter(&|seconds| format!("{seconds:.0}"))
        .y_desc("% of all, who left included")
        .y_label_formatter(&|share| format!("{share:.0}"))
        .label_style(("sans-serif", 14))
        .axis_desc_style(("sans-serif", 14))
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(225, 225, 225))
        .draw()?;
    chart.draw_series(std::iter::once(PathElement::new(
        vec![(target, 0.0), (target, 100.0)],
        GREY.stroke_width(2),
    )))?;
    for summary in &comparison.policies {
        let style = colour(summary.policy).stroke_width(if summary.policy == Policy::Ours { 4 } else { 2 });
        let curve = summary.answered_within(class);
        let line = std::iter::once((0.0, 0.0)).chain(
            curve
                .iter()
                .enumerate()
                .map(|(second, share)| (second as f64 + 1.0, share * 100.0))
                .filter(|at| at.0 <= until),
        );
        chart
            .draw_series(LineSeries::new(line, style))?
            .label(summary.policy.key())
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 22, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.85))
        .border_style(GREY)
        .label_font(("sans-serif", 14))
        .draw()?;
    Ok(())
}

/// What each class gets with fewer and more counsellors, under ours.
fn staffing(
    area: &Area<'_>,
    comparison: &Comparison,
    points: &[Point],
) -> Result<(), Box<dyn std::error::Error>> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Ok(()) };
    let now = f64::from(comparison.scenario.counsellors.count);
    let range = f64::from(first.counsellors) - 0.3..f64::from(last.counsellors) + 0.3;
    let mut chart = ChartBuilder::on(area)
        .caption("ours: answered within target, by number of counsellors", ("sans-serif", 19))
        .margin(12)
        .x_label_area_size(42)
        .y_label_area_size(58)
        .build_cartesian_2d(range, 0.0..100.0)?;
    chart
        .configure_mesh()
        .x_desc("counsellors (the line: this scenario)")
        .y_desc("% answered within target")
        .x_labels(points.len())
        .x_label_formatter(&|counsellors| format!("{counsellors:.0}"))
        .y_label_formatter(&|share| format!("{share:.0}"))
        .label_style(("sans-serif", 14))
        .axis_desc_style(("sans-serif", 14))
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(225, 225, 225))
        .draw()?;
    chart.draw_series(std::iter::once(PathElement::new(
        vec![(now, 0.0), (now, 100.0)],
        GREY.stroke_width(2),
    )))?;
    for class in Class::ALL {
        let at = |point: &Point| {
            let figures = point.classes[class as usize].as_ref()?;
            Some((f64::from(point.counsellors), figures.in_target.mean * 100.0))
        };
        let line: Vec<(f64, f64)> = points.iter().filter_map(at).collect();
        if line.is_empty() {
            continue;
        }
        let style = colour_of(class).stroke_width(3);
        chart
            .draw_series(LineSeries::new(line, style))?
            .label(class.key())
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 22, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE.mix(0.85))
        .border_style(GREY)
        .label_font(("sans-serif", 14))
        .draw()?;
    Ok(())
}
