//! What stands beside the axis of a parameter.

use besom_insight::Axis;

use crate::frame::Labels;

/// The values beside an axis, and its parameter's name.
pub(crate) fn labels(axis: &Axis) -> Labels {
    Labels { ticks: axis.ticks(), title: axis.name().to_string(), names: axis.is_categorical() }
}
