// Which files below a folder are images: links are followed, hidden names are passed over, every folder is read once.

internal import Foundation
internal import UnlearnFormats

/// What a file is whatever it is called: links, and spellings that the file system takes for one, lead to one identity.
struct FileIdentity: Hashable {
    private let device: UInt64
    private let number: UInt64
    let isFolder: Bool

    /// Nil if nothing is there; `errno` says why.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        number = UInt64(truncatingIfNeeded: status.st_ino)
        isFolder = status.st_mode & S_IFMT == S_IFDIR
    }

    static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
}

/// The names of all images below a folder.
struct ImageSearch {
    /// Endings of the files that are read.
    private static let readKinds: Set<String> = ["jpg", "jpeg", "jpe", "jfif", "jif", "pjpeg", "pjp", "png", "apng"]
    /// Endings of pictures that are not.
    private static let otherKinds: Set<String> = [
        "webp", "gif", "bmp", "dib", "tif", "tiff", "heic", "heif", "hif", "avif", "avifs", "jxl", "jp2", "j2k",
        "j2c", "jpc", "jpf", "jpx", "jpm", "jxr", "wdp", "hdp", "jls", "mpo", "mng", "jng", "flif", "bpg", "qoi",
        "svg", "svgz", "eps", "emf", "wmf", "ico", "cur", "icns", "ppm", "pgm", "pbm", "pnm", "pam", "pfm", "psd",
        "psb", "xcf", "kra", "tga", "dds", "exr", "hdr", "pcx", "dcx", "xbm", "xpm", "wbmp", "sgi", "ras", "fits",
        "dcm", "dng", "raw", "cr2", "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2", "orf", "rw2", "rwl", "raf",
        "pef", "srw", "x3f", "3fr", "erf", "kdc", "dcr", "mrw", "iiq",
    ]

    /// In the order of names, as they stand below the folder.
    private(set) var names: [String] = []
    private(set) var notices: [ImageNotice] = []
    private let root: String
    private var folders: [FileIdentity: String] = [:]
    /// Folders yet to be read. Links wait for all others: a folder goes by its own name if it has one here.
    private var (own, linked): ([String], [String]) = ([""], [])
    /// Pictures of kinds that are not read.
    private(set) var unread: [String] = []

    init(_ folder: URL) throws(DataError) {
        root = folder.path
        while let name = own.popLast() ?? (linked.isEmpty ? nil : linked.removeFirst()) { try read(name) }
        names.sort()
    }

    /// - Throws: `DataError.otherPictures` if there are pictures that cannot be read: to leave them out could be to leave
    ///   out a class.
    func checkKinds() throws(DataError) {
        if let first = unread.min() {
            let kinds = Dictionary(grouping: unread, by: Self.kind).sorted { $0.key < $1.key }
            throw .otherPictures(path: path(first), kinds: kinds.map { "\($1.count) .\($0)" })
        }
    }

    private func path(_ name: String) -> String { name.isEmpty ? root : root + "/" + name }

    private static func kind(_ name: String) -> String {
        name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
    }

    /// Notebooks, desktops and archives leave such files beside those that people mean.
    private static func isHidden(_ entry: String) -> Bool { entry.hasPrefix(".") || entry == "__MACOSX" }

    private mutating func read(_ folder: String) throws(DataError) {
        let path = path(folder)
        guard let identity = FileIdentity(path) else { throw .file(.missing(path: path, expected: "a folder")) }
        if let original = folders[identity] {
            return notices.append(.sameFolder(path: path, original: self.path(original)))
        }
        folders[identity] = folder
        let entries: [String]
        do { entries = try FileManager.default.contentsOfDirectory(atPath: path) } catch {
            throw .file(.refused("read the folder", path, error))
        }
        for entry in entries.sorted() where !Self.isHidden(entry) { add(folder.isEmpty ? entry : folder + "/" + entry) }
    }

    private mutating func add(_ name: String) {
        let (path, kind) = (path(name), Self.kind(name))
        let (identity, failure) = (FileIdentity(path), errno)
        if identity?.isFolder == true {
            if FileIdentity.isLink(path) { linked.append(name) } else { own.append(name) }
        } else if Self.readKinds.contains(kind) {
            names.append(name)
        } else if Self.otherKinds.contains(kind) {
            unread.append(name)
        } else if identity == nil {
            notices.append(.deadLink(path: path, reason: String(cString: strerror(failure))))
        }
    }
}
