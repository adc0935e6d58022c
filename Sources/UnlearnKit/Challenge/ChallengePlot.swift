// F against utility for all methods, as an SVG file that any browser shows.

import UnlearnEvaluation

/// One point for each method: to the right what stayed, upwards what was forgotten.
struct ChallengePlot {
    private struct Point {
        let name: String
        let utility: Double
        let quality: Double
        let interval: Interval
    }

    private let points: [Point]
    private let size = (width: 720.0, height: 480.0)
    private let margin = 60.0

    /// Utility is retain · test accuracy relative to the retrained models.
    init(_ rows: [ChallengeRow]) {
        let reference = rows.first { $0.name == "retrained" }
        points = rows.compactMap { row in
            guard let quality = row.quality, let interval = row.interval, let reference else { return nil }
            let utility = row.retainAccuracy / reference.retainAccuracy * row.testAccuracy / reference.testAccuracy
            guard utility.isFinite else { return nil }
            return Point(name: row.name, utility: utility, quality: quality, interval: interval)
        }
    }

    var svg: String {
        let least = min(0.9, points.map(\.utility).min() ?? 0)
        let most = max(1.05, points.map(\.utility).max() ?? 1)
        let top = max(0.2, points.map(\.interval.high).max() ?? 0.2)
        func x(_ utility: Double) -> String {
            text(margin + (utility - least) / (most - least) * (size.width - 2 * margin))
        }
        func y(_ quality: Double) -> String {
            text(size.height - margin - min(quality, top) / top * (size.height - 2 * margin))
        }
        var lines = [
            #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \#(text(size.width)) \#(text(size.height))" "#
                + #"font-family="sans-serif" font-size="12">"#,
            #"<rect width="100%" height="100%" fill="white"/>"#,
            #"<text x="\#(text(size.width / 2))" y="\#(text(size.height - 15))" text-anchor="middle">"#
                + "retain × test accuracy, relative to retrained models</text>",
            #"<text x="20" y="35">F</text>"#,
        ]
        for quality in [0, 0.05, 0.1, 0.15, 0.2] where quality <= top {
            lines.append(line(x(least), y(quality), x(most), y(quality), "#ddd"))
            lines.append(#"<text x="25" y="\#(y(quality))">\#(NumberText.decimal(quality, places: 2))</text>"#)
        }
        lines.append(line(x(1), y(0), x(1), y(top), "#bbb"))
        for point in points {
            let (px, py) = (x(point.utility), y(point.quality))
            lines.append(line(px, y(point.interval.low), px, y(point.interval.high), "#888"))
            lines.append(#"<circle cx="\#(px)" cy="\#(py)" r="4" fill="steelblue"/>"#)
            lines.append(#"<text x="\#(px)" y="\#(py)" dx="7" dy="4">\#(point.name)</text>"#)
        }
        return (lines + ["</svg>", ""]).joined(separator: "\n")
    }

    private func line(_ x1: String, _ y1: String, _ x2: String, _ y2: String, _ color: String) -> String {
        #"<line x1="\#(x1)" y1="\#(y1)" x2="\#(x2)" y2="\#(y2)" stroke="\#(color)"/>"#
    }

    private func text(_ value: Double) -> String { NumberText.decimal(value, places: 1) }
}
