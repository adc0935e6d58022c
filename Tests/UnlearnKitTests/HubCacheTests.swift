// Models by name in the local Hugging Face cache, and sentences for those that are not there.

import Foundation
import Testing
import UnlearnKit

@Suite struct HubCacheTests {
    private let folder: TemporaryFolder
    private let cache: HubCache

    init() throws {
        folder = try TemporaryFolder()
        cache = HubCache(environment: ["HF_HUB_CACHE": folder.url.appending(path: "hub").path], home: folder.url)
    }

    private func add(_ model: String, refs: String?, snapshot: String?) throws -> URL {
        let url = cache.url.appending(path: model)
        for name in ["refs", "snapshots"] {
            try FileManager.default.createDirectory(at: url.appending(path: name), withIntermediateDirectories: true)
        }
        if let refs { try Data(refs.utf8).write(to: url.appending(path: "refs/main")) }
        guard let snapshot else { return url }
        let place = url.appending(path: "snapshots/\(snapshot)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        return place
    }

    @Test func theCacheIsFoundAsHuggingFaceFindsIt() {
        let home = URL(filePath: "/home/me")
        func place(_ environment: [String: String]) -> String {
            HubCache(environment: environment, home: home).url.path
        }
        #expect(place([:]) == "/home/me/.cache/huggingface/hub")
        #expect(place(["XDG_CACHE_HOME": "/x"]) == "/x/huggingface/hub")
        #expect(place(["HF_HOME": "/hf", "XDG_CACHE_HOME": "/x"]) == "/hf/hub")
        #expect(place(["HF_HOME": "~/hf", "HF_HUB_CACHE": ""]) == "/home/me/hf/hub")
        #expect(place(["HF_HUB_CACHE": "/cache", "HF_HOME": "/hf"]) == "/cache")
    }

    @Test func aNameBecomesItsNewestSnapshot() throws {
        let first = try add("models--Org--Model-1.5B", refs: "abc\n", snapshot: "abc")
        _ = try add("models--Org--Model-1.5B", refs: nil, snapshot: "old")
        #expect(try cache.path(of: "Org/Model-1.5B") == first.path)
        #expect(HubCache.name(of: first) == "Org/Model-1.5B")
        let single = try add("models--gpt2", refs: "1", snapshot: "1")
        #expect(try cache.path(of: "gpt2") == single.path)
        #expect(HubCache.name(of: single) == "gpt2" && HubCache.name(of: folder.url) == nil)
    }

    @Test func pathsStayAsTheyAre() throws {
        _ = try add("models--Org--Model", refs: "abc", snapshot: "abc")
        for path in [folder.url.path, "./Org/Model", "/Org/Model", "a/b/c", "gpt2", "Org/Model.gguf", "../Model", ""] {
            #expect(try cache.path(of: path) == path)
        }
    }

    @Test func whatIsNotThereGetsASentence() throws {
        func sentence(_ name: String) -> String {
            do {
                return try cache.path(of: name)
            } catch { return error.description.replacing(folder.url.path + "/", with: "") }
        }
        #expect(
            sentence("Org/Other")
                == "'Org/Other' is neither a path here nor a model in the Hugging Face cache 'hub'. Check the path, or fetch "
                + "the model first, for example with `hf download Org/Other`.")
        _ = try add("models--Org--Half", refs: "abc", snapshot: nil)
        _ = try add("models--Org--Odd", refs: "../..", snapshot: nil)
        _ = try add("models--Org--None", refs: nil, snapshot: "abc")
        for name in ["Half", "Odd", "None"] {
            #expect(
                sentence("Org/\(name)")
                    == "The Hugging Face cache holds no whole version of 'Org/\(name)' in 'hub/models--Org--\(name)'. Fetch it "
                    + "again, for example with `hf download Org/\(name)`.")
        }
    }
}
