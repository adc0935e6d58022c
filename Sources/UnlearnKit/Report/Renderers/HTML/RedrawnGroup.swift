// What the page shows of redrawn pictures.
import UnlearnEvaluation

/// One class of pictures, and how well they are redrawn.
struct RedrawnClass {
    let redrawnClass, redrawnPlace, redrawnBefore, redrawnAfter, redrawnControl, redrawnCount: String

    init(_ row: Redrawn.ClassFigures) {
        redrawnClass = PlainText.singleLine(row.className)
        redrawnPlace = row.metric.split.place
        (redrawnBefore, redrawnAfter) = (row.metric.before.words, row.metric.after.words)
        redrawnControl = row.metric.control.words
        redrawnCount = row.metric.examples
    }
}

/// Names are those of the template's tags, and none is one of the page's.
struct RedrawnGroup {
    struct Picture {
        let pictureName, pictureClass, pngOriginal, pngDegraded, pngBefore, pngAfter, pngControl: String
        let hasControlPicture: Bool
    }

    let groupTitle: String
    let redrawnPictures: [Picture]

    init(_ group: Redrawn.Group) {
        groupTitle =
            switch group.split {
            case .forget: "Pictures to forget"
            case .retain: "Pictures to keep"
            default: "Pictures of forgotten kinds that were never trained on"
            }
        redrawnPictures = group.pictures.map { picture in
            Picture(
                pictureName: PlainText.singleLine(picture.name), pictureClass: PlainText.singleLine(picture.className),
                pngOriginal: PictureGallery.base64(picture.original),
                pngDegraded: PictureGallery.base64(picture.degraded), pngBefore: PictureGallery.base64(picture.before),
                pngAfter: PictureGallery.base64(picture.after),
                pngControl: PictureGallery.base64(picture.control ?? ""), hasControlPicture: picture.control != nil)
        }
    }
}
