// What of an experiment's results each picture shows, with the rates of choose_rate.
#pragma once

#include "launch/experiment/box_plot.h"
#include "launch/experiment/line_plot.h"
#include "launch/experiment/measure.h"
#include "launch/experiment/results.h"

namespace prelude {

// Test results over seeds, a panel a data set and number of shots; the dashed line is the most frequent class.
BoxPlot box_figure(const Results& results, Measure measure);

// Mean test results, with a band of a sample standard deviation on either side, against the number of training
// examples, a panel a data set. Cells on all examples (shots 0) stand where their train_indices are counted.
LinePlot shots_figure(const Results& results, Measure measure);

// Mean dev accuracy (as the curves hold it) against the step, a panel a data set and number of shots; steps at which a
// finished seed has no evaluation are left out, for a mean over other seeds would jump.
LinePlot curve_figure(const Results& results, Measure measure);

}  // namespace prelude
