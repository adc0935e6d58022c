// Which files of a folder are images: hidden names, links, and pictures of other kinds.

import Foundation
import Testing
import UnlearnFormats

@testable import UnlearnData

@Suite struct ImageSearchTests {
    @Test(arguments: ["", "{label}_*", "*/{label}_*"])
    func hiddenNamesArePassedOverAtEveryDepth(pattern: String) throws {
        let folder = try ImageFolder.pictures(
            "cat/a_1.png", "cat/b_2.png", "dog/c_3.png", "dog/old/d..4.v_5.png", ".ipynb_checkpoints/cat/a_1.png",
            "cat/.ipynb_checkpoints/a_1-checkpoint.png", "cat/._a_1.png", "dog/old/._c_3.png", "__MACOSX/cat/a_1.png",
            "dog/old/__MACOSX/c_3.png", ".thumbnails/x.png", ".hidden_1.png")
        #expect(
            try folder.read(pattern).names == ["cat/a_1.png", "cat/b_2.png", "dog/c_3.png", "dog/old/d..4.v_5.png"])
        #expect(try folder.read().classNames == ["cat", "dog"])
    }

    @Test func aFolderMayLieInAHiddenOne() throws {
        let folder = try ImageFolder.pictures(".cache/images/cat/a.png", ".cache/dog/b.png")
        try folder.link(".cache/images/dog", to: "../dog")
        let set = try ImageReader().read(folder.url.appending(path: ".cache/images"))
        #expect(set.names == ["cat/a.png", "dog/b.png"])
    }

    @Test func linksToFoldersAreFollowed() throws {
        let folder = try ImageFolder.pictures(
            "set/cat/a.png", "birds/b.png", "birds/deep/c.png", "more/d.png", "elsewhere/e.png")
        try folder.link("set/bird", to: "../birds")
        try folder.link("chain", to: "more")
        try folder.link("set/ant", to: folder.path("chain"))
        try folder.link("set/cat/extra", to: "../../elsewhere")
        try folder.link("root", to: "set")
        for name in ["set", "root"] {
            let set = try ImageReader().read(folder.url.appending(path: name))
            #expect(set.names == ["ant/d.png", "bird/b.png", "bird/deep/c.png", "cat/a.png", "cat/extra/e.png"])
            #expect(set.classNames == ["ant", "bird", "cat"] && set.notices.isEmpty)
        }
    }

    @Test(arguments: ["", "{label}.png"]) func aCircleEndsAndCountsOnce(pattern: String) throws {
        let folder = try ImageFolder.pictures("cat/a.png", "dog/b.png")
        try folder.link("cat/self", to: ".")
        try folder.link("cat/up", to: "..")
        try folder.link("cat/dog", to: "../dog")
        try folder.link("dog/cat", to: "../cat")
        try folder.link("dog/root", to: folder.url.path)
        try folder.link("loop", to: "loop")
        let set = try folder.read(pattern)
        #expect(set.names == ["cat/a.png", "dog/b.png"])
        #expect(
            set.notices.contains(.sameFolder(path: folder.path("cat/dog"), original: folder.path("dog"))))
        #expect(
            set.notices.contains(
                .deadLink(path: folder.path("loop"), reason: "Too many levels of symbolic links")))
    }

    /// The folder above was not given, and is read once like any other.
    @Test func aCircleThroughTheOutsideEnds() throws {
        let folder = try ImageFolder.pictures("set/cat/a.png", "set/dog/b.png")
        try folder.link("set/dog/up", to: "../..")
        let set = try ImageReader().read(folder.url.appending(path: "set"))
        #expect(set.names == ["cat/a.png", "dog/b.png"])
    }

    @Test func whatALinkLosesIsSaid() throws {
        let folder = try ImageFolder.pictures("set/cat/a.png", "set/dog/b.png")
        try folder.link("set/bird", to: "../gone")
        try folder.link("set/kitten", to: "cat")
        let set = try ImageReader().read(folder.url.appending(path: "set"))
        #expect(set.names == ["cat/a.png", "dog/b.png"])
        let path = folder.path("set")
        #expect(
            set.notices.map(\.description) == [
                "'\(path)/bird' leads nowhere and is left out: No such file or directory.",
                "'\(path)/kitten' leads to the folder '\(path)/cat', whose images count once, by their names there.",
            ])
        try folder.link("set/cat/gone.png", to: "nowhere.png")
        #expect(throws: DataError.file(.missing(path: path + "/cat/gone.png", expected: "a file"))) {
            try ImageReader().read(folder.url.appending(path: "set"))
        }
    }

    @Test func aLinkToAFileIsThatFile() throws {
        let folder = try ImageFolder.pictures("cat/a.png", "dog/b.png")
        try folder.link("cat/c.png", to: "a.png")
        let set = try folder.read()
        #expect(set.names == ["cat/a.png", "dog/b.png"] && set.otherNames == ["cat/c.png": 0])
        #expect(
            set.notices.map(\.description)
                == ["A file is listed more than once: 'cat/c.png', which is 'cat/a.png'. It counts once."])
        try folder.link("dog/d.png", to: "../cat/a.png")
        let error = #expect(throws: DataError.self) { try folder.read() }
        #expect(
            error?.description == "One file in '\(folder.url.path)' has two labels: 'cat/a.png' is 'cat', and "
                + "'dog/d.png' is 'dog'. Give it one label.")
    }

    @Test(arguments: [
        "webp", "WebP", "gif", "GIF", "bmp", "tif", "TIFF", "heic", "avif", "jxl", "jp2", "svg", "ico", "ppm", "psd",
        "tga", "dng", "CR2",
    ])
    func aPictureOfAnotherKindIsNamed(kind: String) throws {
        let folder = try ImageFolder.pictures("cat/a.png", "cat/b.\(kind)", "dog/deep/c.\(kind)", "dog/d.jpg.\(kind)")
        try folder.write("", "cat/notes.txt")
        let kind = kind.lowercased()
        for pattern in ["", "{label}.*"] {
            let error = #expect(throws: DataError.self) { try folder.read(pattern) }
            guard case .otherPictures(let path, ["3 .\(kind)"]) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(path.lowercased().hasSuffix("/cat/b.\(kind)"))
        }
    }

    @Test func kindsAreCounted() throws {
        let folder = try ImageFolder.pictures("cat/b.webp", "cat/c.GIF", "cat/d.WEBP")
        let error = #expect(throws: DataError.self) { try folder.read() }
        #expect(
            error?.description == "'\(folder.path("cat/b.webp"))' is a picture of a kind that is not read; here are "
                + "1 .gif, 2 .webp. Convert them to PNG or JPEG, or take them away.")
    }

    @Test func allEndingsOfJPEGAndPNGAreRead() throws {
        let (jpeg, png) = (try ImageFolder.bytes("picture.jpg"), try ImageFolder.bytes())
        let folder = try ImageFolder([
            "a/1.jpg": jpeg, "a/2.JPG": jpeg, "a/3.jpeg": jpeg, "a/4.Jpe": jpeg, "a/5.jfif": jpeg, "a/6.PNG": png,
            "a/notes.txt": Data("x".utf8), "a/jpg": Data("x".utf8),
        ])
        #expect(try folder.read().count == 6)
    }

    @Test(.enabled(if: getuid() != 0, "the superuser may read everything"))
    func aFolderThatCannotBeReadIsNamed() throws {
        let folder = try ImageFolder.pictures("cat/a.png", "dog/b.png")
        chmod(folder.path("dog"), 0)
        defer { chmod(folder.path("dog"), 0o700) }
        #expect(
            throws: DataError.file(
                .system(action: "read the folder", path: folder.path("dog"), reason: "Permission denied"))
        ) { try folder.read() }
    }
}
