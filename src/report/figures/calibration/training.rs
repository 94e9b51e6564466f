//! Loss and accuracy along a training.

use crate::report::plot::style::{self, FULL_WIDTH, INK};
use crate::report::{Axis, DataKind, Entry, Figure, FigureError, Legend, Mark, Panel, Sample, Scale, Sheet, Stroke};

const STEM: &str = "training";

/// The figure: loss on the left, accuracy on the right.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainingFigure {
    /// One entry an optimiser.
    pub runs: Vec<TrainingCurves>,
}

/// The curves of one optimiser against the iteration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainingCurves {
    /// What the legend says.
    pub label: String,
    /// Mean cross-entropy on the images it is trained on, in nats.
    pub train_loss: Vec<(f64, f64)>,
    /// The same on the images for the test.
    pub test_loss: Vec<(f64, f64)>,
    /// Share of right answers on the images it is trained on.
    pub train_accuracy: Vec<(f64, f64)>,
    /// The same on the images for the test.
    pub test_accuracy: Vec<(f64, f64)>,
}

/// A vertical axis before its range is known.
struct Quantity {
    label: &'static str,
    scale: Scale,
}

impl Figure for TrainingFigure {
    fn stem(&self) -> &str {
        STEM
    }

    fn sheet(&self) -> Result<Sheet, FigureError> {
        let loss = Quantity { label: "cross-entropy, nats", scale: Scale::Log };
        let accuracy = Quantity { label: "accuracy", scale: Scale::Linear };
        let loss = self.panel(loss, |run| [&run.train_loss, &run.test_loss])?;
        let accuracy = self.panel(accuracy, |run| [&run.train_accuracy, &run.test_accuracy])?;
        let mut sheet = Sheet::new(FULL_WIDTH, 2);
        sheet.row(140.0, [loss, accuracy]);
        let runs = self.runs.iter().enumerate();
        let runs =
            runs.map(|(i, run)| Entry::new(Sample::Line(Stroke::solid(style::color(i), 1.2)), &run.label)).collect();
        let keys = vec![
            Entry::new(Sample::Line(Stroke::solid(INK, 0.9)), "trained on"),
            Entry::new(Sample::Line(Stroke::dashed(INK, 0.9)), "test"),
        ];
        sheet.legend = Legend::default().with(runs).with(keys);
        Ok(sheet)
    }
}

impl TrainingFigure {
    fn panel<'f>(
        &'f self,
        quantity: Quantity,
        of: impl Fn(&'f TrainingCurves) -> [&'f Vec<(f64, f64)>; 2],
    ) -> Result<Panel, FigureError> {
        let empty = |what| move || FigureError::Empty { figure: STEM.to_owned(), what };
        let values = || self.runs.iter().flat_map(&of).flatten().filter(|v| v.0 > 0.0);
        let x = Axis::over("iteration", Scale::Log, values().map(|v| v.0)).ok_or_else(empty("the iteration"))?;
        let y =
            Axis::over(quantity.label, quantity.scale, values().map(|v| v.1)).ok_or_else(empty("loss or accuracy"))?;
        let mut panel = Panel::new(x, y);
        for (i, run) in self.runs.iter().enumerate() {
            let [train, test] = of(run);
            let color = style::color(i);
            let named = |set: &str| format!("{}, {set}", run.label);
            panel.data(named("trained on"), DataKind::Measured, Mark::Line(train.clone(), Stroke::solid(color, 1.0)));
            panel.data(named("test"), DataKind::Measured, Mark::Line(test.clone(), Stroke::dashed(color, 1.0)));
        }
        Ok(panel)
    }
}
