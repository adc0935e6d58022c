// What report.html of a benchmark shows: the table of methods, their plot, and images with guesses.
import UnlearnEvaluation

/// The content of the page. Names are those of the template's tags.
struct BenchmarkPage {
    struct Fact { let name, value: String }
    struct Cell { let value, small: String }
    struct Row {
        let name: String
        let cells: [Cell]
    }

    let style, subject, plot: String
    let facts: [Fact]
    let rows: [Row]
    // Those of the gallery, which the partial template asks for.
    let modelNames: [String]
    let destinations: [PictureGallery.Destination]
    let hasDestinations: Bool
    let imageGroups: [PictureGallery.Group]

    init(_ result: NeurIPS2023Result, subject: String, _ pictures: Pictures, style: String) {
        self.style = style
        self.subject = PlainText.singleLine(subject)
        plot = MethodPlot(result.rows).svg
        facts = [
            Fact(name: "Images to forget", value: "\(result.forgetCount)"),
            Fact(name: "Images to keep", value: "\(result.retainCount)"),
            Fact(name: "Test images", value: "\(result.testCount)"),
            Fact(name: "Classes", value: "\(result.classes)"),
            Fact(name: "Parameters", value: "\(result.parameters)"),
            Fact(name: "Models made at a time", value: "\(result.workers)"),
            Fact(name: "Greatest memory use", value: ByteText.words(result.peakMemoryBytes)),
        ]
        let reference = result.rows.first { $0.name == "retrained" }
        rows = result.rows.map { Self.row($0, reference) }
        let gallery = PictureGallery(pictures)
        (modelNames, destinations, hasDestinations, imageGroups) = (
            gallery.modelNames, gallery.destinations, gallery.hasDestinations, gallery.imageGroups
        )
    }

    private static func row(_ row: NeurIPS2023Row, _ reference: NeurIPS2023Row?) -> Row {
        func share(_ path: KeyPath<NeurIPS2023Row, Double>) -> Cell {
            let value = row[keyPath: path]
            var small = ""
            if let reference, reference.name != row.name {
                let points = ((value - reference[keyPath: path]) * 1000).rounded() / 10
                small = (points > 0 ? "+" : "") + NumberText.decimal(points, places: 1)
            }
            return Cell(value: NumberText.percent(value), small: small)
        }
        let interval = row.interval.map {
            "\(NumberText.decimal($0.low, places: 3)) to \(NumberText.decimal($0.high, places: 3))"
        }
        func number(_ value: Double?) -> String { value.map { NumberText.decimal($0, places: 3) } ?? "" }
        return Row(
            name: row.name,
            cells: [
                Cell(value: "\(row.models)", small: ""), share(\.forgetAccuracy), share(\.retainAccuracy),
                share(\.testAccuracy), Cell(value: number(row.averageCaseAttack), small: ""),
                Cell(value: number(row.quality), small: interval ?? ""), Cell(value: number(row.score), small: ""),
                Cell(value: NumberText.decimal(row.seconds, places: 1), small: ""),
                Cell(value: NumberText.percent(row.shareOfRetraining), small: ""),
            ])
    }
}
