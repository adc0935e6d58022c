// Pictures that stand in for those to keep, where these are not to be had, as Li et al. 2024 (arXiv 2402.00351) show it.

import Foundation
import UnlearnData
import UnlearnFormats

/// What is trained on in place of pictures to keep. What is measured is measured on the user's own pictures all the same.
struct ProxyRetain {
    /// The user's images, and after them those that stand in.
    let images: ImageSet
    /// The places of the latter.
    let retain: [Int]
    let digest: Provenance.FileDigest
    /// Pictures that stand in and are to be forgotten.
    let copies: ImageNotice?
    private let name: String

    /// Reads all pictures below a folder, in colours or in grey as those of `task` are; it does not matter what they show.
    /// - Parameter size: width and height that pictures are brought to, in pixels; 0: as they are.
    /// - Throws: `KitError` if they are not as large as the images of `task`, `DataError` if they cannot be read.
    init(_ folder: URL, for task: ImageTask, size: Int) throws {
        var options = ImageOptions()
        // Every file has a label then, whatever it is called and wherever it lies.
        (options.size, options.labelPattern) = (size, "{label}")
        let proxy = try ImageReader(options).read(folder).with(channels: task.images.channels)
        func words(_ images: ImageSet) -> String { "\(images.width) × \(images.height) pixels" }
        guard words(proxy) == words(task.images) else {
            throw KitError.invalidOption(
                path: "proxy",
                problem: "the pictures in '\(folder.path)' have \(words(proxy)), and those that the model redraws have "
                    + words(task.images))
        }
        name = folder.lastPathComponent
        digest = proxy.digest(name)
        images = try task.images.appending(proxy, from: folder.path, under: name)
        retain = Array(task.images.count..<images.count)
        copies = images.copies(of: task.splits.forget, among: retain)
    }

    /// For the report.
    var limits: [String] {
        [
            "Instead of the pictures to keep, \(retain.count) others were trained on, those of '\(name)' (--proxy). What is "
                + "kept was measured on pictures to keep all the same."
        ] + [copies?.description].compactMap(\.self)
    }
}
