//! What is known of the scenarios that is not in their files: the order of inputs and outputs, the full fidelity.

/// A model of many data sets, with one space.
#[derive(Debug)]
pub(super) struct Scenario {
    /// The name of its folder.
    pub(super) name: &'static str,
    /// The numeric inputs in the model's order.
    pub(super) numeric: &'static [&'static str],
    /// The categorical inputs in the model's order; the first is the data set.
    pub(super) categorical: &'static [&'static str],
    /// The place of the loss among the outputs.
    pub(super) output: usize,
    /// Inputs that are no hyperparameters, at their fullest.
    pub(super) fixed: &'static [(&'static str, f64)],
    /// How many runs a sweep gets.
    pub(super) runs: usize,
    /// The data sets that make tasks.
    pub(super) data: &'static [&'static str],
    /// Those of them that make tasks with learning curves, of this many epochs.
    pub(super) curves: &'static [&'static str],
    pub(super) epochs: u16,
}

/// The scenarios that are known.
pub(super) const SCENARIOS: [Scenario; 4] = [LCBENCH, RBV2_XGBOOST, RBV2_RPART, IAML_GLMNET];

/// The cross entropy of a neural network.
const LCBENCH: Scenario = Scenario {
    name: "lcbench",
    numeric: &[
        "epoch",
        "batch_size",
        "learning_rate",
        "momentum",
        "weight_decay",
        "num_layers",
        "max_units",
        "max_dropout",
    ],
    categorical: &["OpenML_task_id"],
    output: 2,
    fixed: &[("epoch", 50.0)],
    runs: 60,
    data: &["167168", "189873", "189906", "126026", "168868"],
    curves: &["167168", "189873", "189906", "126026"],
    epochs: 50,
};

/// The log loss of gradient boosting.
const RBV2_XGBOOST: Scenario = Scenario {
    name: "rbv2_xgboost",
    numeric: &[
        "nrounds",
        "eta",
        "gamma",
        "lambda",
        "alpha",
        "subsample",
        "max_depth",
        "min_child_weight",
        "colsample_bytree",
        "colsample_bylevel",
        "rate_drop",
        "skip_drop",
        "trainsize",
        "repl",
    ],
    categorical: &["task_id", "booster", "num.impute.selected.cpo"],
    output: 5,
    fixed: &[("trainsize", 1.0), ("repl", 10.0)],
    runs: 80,
    data: &["12", "1501", "16", "40499"],
    curves: &[],
    epochs: 1,
};

/// The log loss of a decision tree.
const RBV2_RPART: Scenario = Scenario {
    name: "rbv2_rpart",
    numeric: &["cp", "maxdepth", "minbucket", "minsplit", "trainsize", "repl"],
    categorical: &["task_id", "num.impute.selected.cpo"],
    output: 5,
    fixed: &[("trainsize", 1.0), ("repl", 10.0)],
    runs: 50,
    data: &["14", "40499"],
    curves: &[],
    epochs: 1,
};

/// The log loss of a penalized linear model.
const IAML_GLMNET: Scenario = Scenario {
    name: "iaml_glmnet",
    numeric: &["alpha", "s", "trainsize"],
    categorical: &["task_id"],
    output: 3,
    fixed: &[("trainsize", 1.0)],
    runs: 40,
    data: &["1489", "40981"],
    curves: &[],
    epochs: 1,
};

/// The inputs that the model was given as 0 where the booster does not read them.
pub(super) fn unread(booster: &str) -> &'static [&'static str] {
    match booster {
        "gbtree" => &["rate_drop", "skip_drop"],
        "gblinear" => &[
            "rate_drop",
            "skip_drop",
            "eta",
            "gamma",
            "max_depth",
            "min_child_weight",
            "colsample_bytree",
            "colsample_bylevel",
        ],
        _ => &[],
    }
}
