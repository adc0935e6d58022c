// A figure of several models over the steps of an attack, on one drawing. The markup is in the template.
import UnlearnEvaluation

/// One curve for each model, with the intervals of its points.
struct CurvesChart {
    struct Bar { let x, low, high: String }
    struct Curve {
        let side, points, words: String
        let bars: [Bar]
        let name: String
        let nameX, nameY: String
    }

    let title, caption: String
    let levels: [CurveChart.Level]
    let steps: [CurveChart.Mark]
    let curves: [Curve]

    init(_ title: String, unit: String, _ attacked: [AttackCurve]) {
        self.title = title
        let all = attacked.flatMap(\.points)
        let across = ChartScale(all.map { Double($0.step) }, from: 44, to: 340)
        let ends = all.flatMap { [$0.figure.value, $0.figure.low, $0.figure.high].compactMap(\.self) }
        // Upside down: a drawing's y axis runs downwards.
        let up = ChartScale(ends, from: 158, to: 14)
        levels = up.marks(4).map {
            let y = up.place($0.value)
            return CurveChart.Level(y: ChartText.number(y), textY: ChartText.number(y + 4), label: $0.label)
        }
        steps = Set(all.map(\.step)).sorted().map {
            CurveChart.Mark(x: ChartText.number(across.place(Double($0))), label: "\($0)")
        }
        curves = attacked.map { curve in
            let points = curve.points.map { (x: across.place(Double($0.step)), y: up.place($0.figure.value)) }
            return Curve(
                side: curve.model, points: ChartText.points(points),
                words: curve.points.map { "\($0.step): \(NumberText.decimal($0.figure.value, places: 2))" }
                    .joined(separator: ", "),
                bars: zip(curve.points, points).compactMap { point, place in
                    guard let low = point.figure.low, let high = point.figure.high else { return nil }
                    return Bar(
                        x: ChartText.number(place.x), low: ChartText.number(up.place(low)),
                        high: ChartText.number(up.place(high)))
                },
                name: curve.model, nameX: ChartText.number((points.last?.x ?? 0) + 6),
                nameY: ChartText.number((points.last?.y ?? 0) + 4))
        }
        let last = attacked.map { curve in
            "\(curve.model) \(curve.points.last.map { NumberText.decimal($0.figure.value, places: 2) } ?? "–")"
        }
        caption = "\(unit) after so many steps; at the last one \(last.joined(separator: ", "))"
    }
}
