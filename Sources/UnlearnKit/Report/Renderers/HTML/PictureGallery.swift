// What the pages show of images: pictures with guesses, and where the images to forget went.
import UnlearnEvaluation

/// Names are those of the template's tags, and none is one of the page's.
struct PictureGallery {
    struct Guess { let who, guess, certainty, state: String }
    struct Shown {
        let png, label, file: String
        let guesses: [Guess]
    }
    struct Group {
        let heading, words: String
        let shownImages: [Shown]
    }
    struct Destination {
        let label: String
        let shares: [String]
    }

    let modelNames: [String]
    let destinations: [Destination]
    let hasDestinations: Bool
    let imageGroups: [Group]

    init(_ pictures: Pictures) {
        modelNames = pictures.models.map(PlainText.singleLine)
        destinations = pictures.destinations.map { row in
            Destination(
                label: PlainText.singleLine(row.className), shares: row.shares.map { NumberText.percent($0) })
        }
        hasDestinations = !destinations.isEmpty
        imageGroups = pictures.groups.filter { !$0.pictures.isEmpty }.map { group in
            Group(
                heading: Self.heading(group.split),
                words:
                    "\(group.changed) of \(group.count) that were looked at are taken for another class than before; "
                    + "these come first.",
                shownImages: group.pictures.map(Self.shown))
        }
    }

    private static func heading(_ split: Split) -> String {
        switch split {
        case .forget: "Images to forget"
        case .retain: "Images to keep"
        default: "Images that were never trained on"
        }
    }

    private static func shown(_ picture: Pictures.Picture) -> Shown {
        Shown(
            // The one place where a file's text stands in an attribute: nothing but base 64 passes.
            png: picture.png.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "+/=".contains($0)) },
            label: PlainText.singleLine(picture.className), file: PlainText.singleLine(picture.name),
            guesses: picture.guesses.map { guess in
                Guess(
                    who: PlainText.singleLine(guess.model), guess: PlainText.singleLine(guess.className),
                    certainty: NumberText.percent(guess.probability, places: 0),
                    state: guess.isRight ? "right" : "wrong")
            })
    }
}
