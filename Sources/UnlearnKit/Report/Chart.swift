// The geometry of the charts in report.html: scales, round marks, bars and curves. The markup is in the template.
import UnlearnEvaluation

/// Maps values to places on a line of the drawing.
struct ChartScale {
    let low: Double
    let high: Double
    let start: Double
    let end: Double

    /// - Parameter values: what must fit; a single value gets room on both sides.
    init(_ values: [Double], from start: Double, to end: Double) {
        let (least, most) = (values.min() ?? 0, values.max() ?? 1)
        let room = most > least ? 0 : max(abs(most) * 0.1, 0.1)
        (low, high, self.start, self.end) = (least - room, most + room, start, end)
    }

    func place(_ value: Double) -> Double { start + (value - low) / (high - low) * (end - start) }

    /// Round numbers inside the range, at most `count` + 1 of them: multiples of 1, 2 or 5 times a power of ten.
    func marks(_ count: Int) -> [(value: Double, label: String)] {
        let rough = (high - low) / Double(count)
        guard rough > 0, rough.isFinite else { return [] }
        var power = 1.0
        var places = 0
        while power > rough { (power, places) = (power / 10, places + 1) }
        while power * 10 <= rough { (power, places) = (power * 10, places - 1) }
        let step = [1, 2, 5].map { $0 * power }.first { $0 >= rough } ?? 10 * power
        let digits = max(0, step >= 10 * power ? places - 1 : places)
        return stride(from: (low / step).rounded(.up), through: (high / step).rounded(.down), by: 1).map {
            ($0 * step, NumberText.decimal($0 * step, places: digits))
        }
    }
}

/// Numbers as the drawing wants them.
enum ChartText {
    static func number(_ value: Double) -> String { NumberText.decimal(value, places: 1) }

    static func points(_ points: [(x: Double, y: Double)]) -> String {
        points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
    }
}

/// How the values of single examples are spread: before above the axis, after below it, on one scale.
struct SpreadChart {
    struct Tick { let x, label: String }
    struct Bar { let side, x, y, width, height, words: String }
    struct Median { let x, top, bottom: String }

    let title: String
    let caption: String
    var ticks: [Tick] = []
    var bars: [Bar] = []
    var medians: [Median] = []

    private static let binCount = 32
    private static let axis = 86.0
    private static let tallest = 78.0

    init(_ title: String, before: [Double], after: [Double]) {
        self.title = title
        let scale = ChartScale(before + after, from: 14, to: 386)
        let middle = (Statistics.median(before), Statistics.median(after))
        let counts = before.count == after.count ? "\(before.count)" : "\(before.count) and \(after.count)"
        caption =
            "Median \(NumberText.decimal(middle.0, places: 2)) before, \(NumberText.decimal(middle.1, places: 2)) "
            + "after; \(counts) examples"
        ticks = scale.marks(6).map { Tick(x: ChartText.number(scale.place($0.value)), label: $0.label) }
        let bins = (Self.counts(before, scale), Self.counts(after, scale))
        let most = Double((bins.0 + bins.1).max() ?? 1)
        bars =
            Self.bars(bins.0, "before", scale, of: most) + Self.bars(bins.1, "after", scale, of: most)
        medians = [(middle.0, Self.axis - Self.tallest, Self.axis), (middle.1, Self.axis, Self.axis + Self.tallest)]
            .map { value, top, bottom in
                Median(
                    x: ChartText.number(scale.place(value)), top: ChartText.number(top),
                    bottom: ChartText.number(bottom))
            }
    }

    private static func counts(_ values: [Double], _ scale: ChartScale) -> [Int] {
        var counts = [Int](repeating: 0, count: binCount)
        for value in values {
            let place = (value - scale.low) / (scale.high - scale.low) * Double(binCount)
            // Also where a record holds numbers so large that their difference is none.
            counts[place < Double(binCount) ? max(0, Int(place)) : binCount - 1] += 1
        }
        return counts
    }

    private static func bars(_ counts: [Int], _ side: String, _ scale: ChartScale, of most: Double) -> [Bar] {
        let width = (scale.end - scale.start) / Double(binCount)
        let step = (scale.high - scale.low) / Double(binCount)
        return counts.enumerated().filter { $0.element > 0 }.map { bin, count in
            let height = Double(count) / most * tallest
            let from = scale.low + Double(bin) * step
            let range = [from, from + step].map { NumberText.decimal($0, places: 2) }.joined(separator: " to ")
            return Bar(
                side: side, x: ChartText.number(scale.start + Double(bin) * width + 0.5),
                y: ChartText.number(side == "before" ? axis - height : axis), width: ChartText.number(width - 1),
                height: ChartText.number(height), words: "\(count) at \(range)")
        }
    }
}

/// A quantity over the steps of a training.
struct CurveChart {
    struct Level { let y, textY, label: String }
    struct Mark { let x, label: String }

    let title: String
    let caption: String
    let levels: [Level]
    let steps: [Mark]
    let raw: String
    let smooth: String

    init(_ title: String, _ values: [(step: Int, value: Double)]) {
        self.title = title
        let (first, last) = (values.first?.value ?? .nan, values.last?.value ?? .nan)
        caption = "\(NumberText.decimal(first)) at the first step, \(NumberText.decimal(last)) at the last"
        let xScale = ChartScale(values.map { Double($0.step) }, from: 52, to: 390)
        // Upside down: a drawing's y axis runs downwards.
        let yScale = ChartScale(values.map(\.value), from: 158, to: 14)
        levels = yScale.marks(4).map {
            let y = yScale.place($0.value)
            return Level(y: ChartText.number(y), textY: ChartText.number(y + 4), label: $0.label)
        }
        steps = xScale.marks(6).filter { $0.value == $0.value.rounded() }.map {
            Mark(x: ChartText.number(xScale.place($0.value)), label: NumberText.decimal($0.value, places: 0))
        }
        func points(_ height: (Int) -> Double) -> String {
            ChartText.points(values.indices.map { (xScale.place(Double(values[$0].step)), yScale.place(height($0))) })
        }
        raw = points { values[$0].value }
        let reach = values.count / 24
        smooth = points { index in
            let near = values[max(0, index - reach)...min(values.count - 1, index + reach)]
            return Statistics.mean(near.map(\.value))
        }
    }
}

/// One figure before and after with its intervals, on a line of its own.
struct IntervalStrip {
    struct Band { let side, low, high, x, y, top: String }

    let bands: [Band]

    /// `nil` where there is nothing to compare.
    init?(_ metric: Report.Metric) {
        let sides = [("before", metric.before, 11.0), ("after", metric.after, 25.0)]
            .compactMap { side, figure, y in figure.map { (side: side, figure: $0, y: y) } }
        let values = sides.flatMap { [$0.figure.value, $0.figure.low, $0.figure.high].compactMap(\.self) }
        guard !values.isEmpty, values.allSatisfy(\.isFinite) else { return nil }
        // Shares and probabilities are shown on the whole of their range.
        let isShare = ["share", "probability"].contains { metric.unit.hasPrefix($0) }
        let scale = ChartScale(isShare ? values + [0, 1] : values, from: 4, to: 196)
        bands = sides.map { side, figure, y in
            let (low, high) = (scale.place(figure.low ?? figure.value), scale.place(figure.high ?? figure.value))
            return Band(
                side: side, low: ChartText.number(low), high: ChartText.number(high),
                x: ChartText.number(scale.place(figure.value) - 2.5), y: ChartText.number(y),
                top: ChartText.number(y - 5))
        }
    }
}
