// What is left out of a set of images, or stands in it otherwise than its user may think.

/// Something that stops nothing, and that the user is told of. `description` is the complete sentence.
public enum ImageNotice: Codable, Equatable, Sendable {
    /// A folder that was read already, by the name `original`, or that holds the link itself.
    case sameFolder(path: String, original: String)
    /// A link to something that is not there.
    case deadLink(path: String, reason: String)
    /// Files that are listed, or found, more than once; the first of them again as `name`.
    case sameFile(count: Int, name: String, original: String)
    /// Pictures below a folder that its table of labels does not list, of which `name` is the first.
    case notListed(count: Int, name: String, path: String)
    /// Listed images that are no training images: nothing was learnt from them.
    case notTrained(count: Int, listed: Int, path: String)
    /// Images to keep that show the same, pixel by pixel, as an image to forget.
    case keptCopies(count: Int, name: String, forgotten: String)
}

extension ImageNotice: CustomStringConvertible {
    public var description: String {
        switch self {
        case .sameFolder(let path, let original):
            "'\(path)' leads to the folder '\(original)', whose images count once, by their names there."
        case .deadLink(let path, let reason):
            "'\(path)' leads nowhere and is left out: \(reason)."
        case .sameFile(let count, let name, let original):
            (count == 1 ? "A file is listed more than once: " : "\(count) times a file is listed again, first ")
                + (name == original ? "'\(name)'" : "'\(name)', which is '\(original)'")
                + (count == 1 ? ". It counts once." : ". Each file counts once.")
        case .notListed(let count, let name, let path):
            "\(count) picture\(count == 1 ? "" : "s") below the folder of '\(path)' \(count == 1 ? "is" : "are") not listed "
                + "there and left out\(count == 1 ? ": " : ", first ")'\(name)'."
        case .notTrained(let count, let listed, let path):
            "\(count) of the \(listed) images that '\(path)' lists \(count == 1 ? "is" : "are") kept apart for testing: "
                + "nothing was learnt from \(count == 1 ? "it" : "them")."
        case .keptCopies(let count, let name, let forgotten):
            "\(count == 1 ? "An image to keep is" : "\(count) images to keep are") the same, pixel by pixel, as what is "
                + "to be forgotten, first '\(name)' as '\(forgotten)'. Forget copies too, or remove them: else they keep "
                + "up what they show."
        }
    }
}
