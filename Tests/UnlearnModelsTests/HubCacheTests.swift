// Models by name in the local Hugging Face cache, and sentences for those that are not there.

import Foundation
import Testing
import UnlearnFormats
import UnlearnModels

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

    /// The model of an adapter may be asked for at a branch, a tag or a commit.
    @Test func anAdapterFindsItsModelByNameAndRevision() throws {
        let golden = try GoldenLlama("llama-tied")
        let newest = try add("models--Org--Base", refs: "abc", snapshot: "abc")
        try golden.copy(to: newest)
        let tagged = try add("models--Org--Base", refs: "abc", snapshot: "def")
        try golden.copy(to: tagged)
        try Data("def".utf8).write(to: cache.url.appending(path: "models--Org--Base/refs/v1"))
        // The adapter lies in the cache too.
        let adapter = try add("models--Org--Adapter", refs: "1", snapshot: "1")
        let source = packageRoot.appending(path: "Tests/Golden/lora-tied")
        try FileManager.default.copyItem(
            at: source.appending(path: "adapter_model.safetensors"),
            to: adapter.appending(path: "adapter_model.safetensors"))
        func base(_ name: String, _ revision: JSONValue?, cache: HubCache?) throws -> String {
            var json = try JSONValue(contentsOf: source.appending(path: "adapter_config.json"))
            json["base_model_name_or_path"] = .string(name)
            json["revision"] = revision
            try json.write(to: adapter.appending(path: "adapter_config.json"))
            do {
                let directory = try ModelDirectory(adapter, cache: cache)
                _ = try directory.load()
                return directory.url.lastPathComponent
            } catch { return "\(error)".replacing(folder.url.path + "/", with: "") }
        }
        for (revision, commit) in [(nil, "abc"), (.null, "abc"), ("main", "abc"), ("v1", "def"), ("def", "def")]
            as [(JSONValue?, String)]
        { #expect(try base("Org/Base", revision, cache: cache) == commit) }
        let file = "hub/models--Org--Adapter/snapshots/1/adapter_config.json"
        #expect(
            try base("Org/Base", "v2", cache: cache)
                == "\(file) names the base of the adapter. The Hugging Face cache holds no whole version 'v2' of 'Org/Base' in "
                + "'hub/models--Org--Base'. Fetch it again, for example with `hf download Org/Base --revision v2`.")
        for name in ["Org/Other", "other"] {
            #expect(
                try base(name, nil, cache: cache)
                    == "\(file) names the base of the adapter. '\(name)' is neither a path here nor a model in the Hugging Face "
                    + "cache 'hub'. Check the path, or fetch the model first, for example with `hf download \(name)`.")
        }
        #expect(try base("Org/Base", "../..", cache: cache).contains("no whole version"))
        #expect(try base("./Org/Base", nil, cache: cache).contains("is no file or folder here"))
        #expect(try base("Org/Base", nil, cache: nil).contains("is no file or folder here"))
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
