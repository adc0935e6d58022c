// F against utility for all methods, as an SVG file that any browser shows.

import UnlearnEvaluation

/// One point for each method: to the right what stayed, upwards what was forgotten. Colours are those of a page of its
/// own; a report's style sheet has the say over them by their classes.
struct MethodPlot {
    private struct Point {
        let name: String
        let utility: Double
        let quality: Double
        let interval: Interval
    }

    private let points: [Point]
    /// F of the retrained models among themselves.
    private let ceiling: Double?
    private let size = (width: 720.0, height: 480.0)
    private let margin = 60.0
    /// A line of text, about, and a letter of it, in the picture's units.
    private let letter = (height: 14.0, width: 7.0)

    /// Utility is retain · test accuracy relative to the retrained models.
    init(_ rows: [NeurIPS2023Row]) {
        let reference = rows.first { $0.name == "retrained" }
        ceiling = reference?.quality
        points = rows.compactMap { row in
            guard let quality = row.quality, let interval = row.interval, let reference else { return nil }
            let utility = row.retainAccuracy / reference.retainAccuracy * row.testAccuracy / reference.testAccuracy
            guard utility.isFinite else { return nil }
            return Point(name: row.name, utility: utility, quality: quality, interval: interval)
        }
    }

    var svg: String {
        let utilities = points.map(\.utility)
        let across = ChartScale(
            [min(0.9, utilities.min() ?? 0), max(1.05, utilities.max() ?? 1)], from: margin, to: size.width - margin)
        let top = max(0.2, ceiling ?? 0, points.map(\.interval.high).max() ?? 0)
        // Upside down: a drawing's y axis runs downwards.
        let up = ChartScale([0, top], from: size.height - margin, to: margin)
        func x(_ utility: Double) -> Double { across.place(utility) }
        func y(_ quality: Double) -> Double { up.place(min(quality, top)) }
        var lines = [
            #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \#(text(size.width)) \#(text(size.height))" "#
                + #"font-family="sans-serif" font-size="12">"#,
            #"<rect class="paper" width="100%" height="100%" fill="white"/>"#,
            words("retain × test accuracy, relative to retrained models", size.width / 2, size.height - 15, "middle"),
            words("F", 20, 35),
        ]
        for mark in up.marks(8) {
            lines.append(line((across.start, y(mark.value)), (across.end, y(mark.value)), "grid", "#ddd"))
            lines.append(words(mark.label, 25, y(mark.value) + 4))
        }
        lines += across.marks(8).map { words($0.label, x($0.value), y(0) + 20, "middle") }
        lines.append(line((x(1), y(0)), (x(1), y(top)), "axis", "#bbb"))
        if let ceiling {
            lines.append(line((across.start, y(ceiling)), (across.end, y(ceiling)), "axis", "#bbb", dashes: "4 4"))
            lines.append(words("retrained models among themselves", across.start + 6, y(ceiling) - 5))
        }
        for point in points {
            let (low, high) = (y(point.interval.low), y(point.interval.high))
            lines.append(line((x(point.utility), low), (x(point.utility), high), "interval", "#888"))
        }
        let places = points.map { (x: x($0.utility), y: y($0.quality)) }
        for (place, label) in zip(places, labels(places)) {
            lines.append(
                #"<circle class="after" cx="\#(text(place.x))" cy="\#(text(place.y))" r="4" fill="steelblue"/>"#)
            lines.append(label)
        }
        return (lines + ["</svg>", ""]).joined(separator: "\n")
    }

    /// The names of the points, each beside its own, or so far above that it covers neither another point nor a name,
    /// with a line to it.
    private func labels(_ places: [(x: Double, y: Double)]) -> [String] {
        var taken = places.map { (from: $0.x - letter.width, to: $0.x + letter.width, y: $0.y) }
        return zip(points, places).enumerated().map { index, labelled in
            let (point, place) = labelled
            let length = letter.width * Double(point.name.count)
            let isLeft = place.x + length > size.width
            let start = isLeft ? place.x - 8 - length : place.x + 8
            func isFree(_ height: Double) -> Bool {
                !taken.enumerated().contains {
                    $0.offset != index && $0.element.from < start + length && start < $0.element.to
                        && abs($0.element.y - height) < letter.height
                }
            }
            let heights = stride(from: place.y, to: 0, by: -letter.height / 2)
            let height = heights.first(where: isFree) ?? place.y
            taken.append((start, start + length, height))
            let end = isLeft ? place.x - 8 : start
            let leader = height == place.y ? [] : [line(place, (end, height), "axis", "#bbb")]
            return (leader + [words(point.name, end, height + 4, isLeft ? "end" : "start")]).joined(separator: "\n")
        }
    }

    private func words(_ words: String, _ x: Double, _ y: Double, _ anchor: String = "start") -> String {
        #"<text x="\#(text(x))" y="\#(text(y))" text-anchor="\#(anchor)">\#(words)</text>"#
    }

    private func line(
        _ from: (Double, Double), _ to: (Double, Double), _ role: String, _ color: String, dashes: String = "none"
    ) -> String {
        #"<line class="\#(role)" x1="\#(text(from.0))" y1="\#(text(from.1))" x2="\#(text(to.0))" y2="\#(text(to.1))" "#
            + #"stroke="\#(color)" stroke-dasharray="\#(dashes)"/>"#
    }

    private func text(_ value: Double) -> String { ChartText.number(value) }
}
