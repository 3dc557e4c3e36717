//! Means over seeds, and how far they can be trusted.

/// A mean over seeds with its 95 % interval.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half the width of the 95 % interval; 0 for a single seed, which has none.
    pub half_width: f64,
}

impl Estimate {
    /// The mean of one figure per seed, with Student's interval. Seeds without the figure are not given.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        if values.is_empty() {
            return None;
        }
        let mean = values.iter().sum::<f64>() / count;
        if values.len() < 2 {
            return Some(Self { mean, half_width: 0.0 });
        }
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        Some(Self { mean, half_width: t_quantile(values.len() - 1) * (variance / count).sqrt() })
    }

    /// The lower and the upper end of the interval.
    pub fn interval(&self) -> [f64; 2] {
        [self.mean - self.half_width, self.mean + self.half_width]
    }
}

/// The 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom, as in any table of it.
const T_QUANTILES: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/// The 97.5 % quantile of Student's t. Beyond the table the first two terms of its expansion in the normal quantile are
/// right to three digits.
fn t_quantile(freedom: usize) -> f64 {
    const Z: f64 = 1.959_964;
    match T_QUANTILES.get(freedom.saturating_sub(1)) {
        Some(quantile) => *quantile,
        None => Z + (Z.powi(3) + Z) / (4.0 * freedom as f64),
    }
}

/// The value below which this share of sorted values lies: the nearest rank.
pub fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1).min(sorted.len().max(1)) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_students() {
        let values: Vec<f64> = (1..=20).map(f64::from).collect();
        let found = Estimate::of(&values).unwrap();
        assert!((found.mean - 10.5).abs() < 1e-9);
        // s = 5.91608, t = 2.093, n = 20
        assert!((found.half_width - 2.7688).abs() < 1e-3, "{found:?}");
        assert_eq!(Estimate::of(&[3.0]).unwrap().half_width.to_bits(), 0.0_f64.to_bits());
        assert_eq!(Estimate::of(&[]), None);
        assert!((t_quantile(60) - 2.000).abs() < 2e-3);
        assert!(t_quantile(31) < t_quantile(30) && t_quantile(31) > 2.036);
    }

    #[test]
    fn percentiles_are_values_that_were_seen() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&values, 0.95), Some(95.0));
        assert_eq!(percentile(&values, 1.0), Some(100.0));
        assert_eq!(percentile(&[7.0], 0.5), Some(7.0));
        assert_eq!(percentile(&[], 0.5), None);
    }
}
