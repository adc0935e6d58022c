// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// A library of this package: strict settings, and a test target of the same name.
func library(_ name: String, _ dependencies: [Target.Dependency], _ resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "unlearn",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "unlearn", targets: ["UnlearnCLI"]),
        .library(
            name: "UnlearnLibraries",
            targets: [
                "UnlearnFormats", "UnlearnEngine", "UnlearnData", "UnlearnModels", "UnlearnMethods",
                "UnlearnEvaluation",
            ]),
        .library(name: "UnlearnKit", targets: ["UnlearnKit"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    ],
    targets: [
        // The flags of libtorch, found through the pkg-config file that `make setup` writes.
        .systemLibrary(name: "CTorchFlags", path: "Sources/CTorchFlags", pkgConfig: "unlearn-torch"),
        .target(
            name: "CTorch", dependencies: ["CTorchFlags"], exclude: ["Kernels"],
            sources: ["shim.cpp", "kernels.cpp"]),
        .systemLibrary(
            name: "CPCRE2", path: "Sources/CPCRE2", pkgConfig: "libpcre2-8",
            providers: [.apt(["libpcre2-dev"]), .brew(["pcre2"])]),
        .systemLibrary(
            name: "CJPEGFlags", path: "Sources/CJPEGFlags", pkgConfig: "libjpeg",
            providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
        .target(name: "CJPEG", dependencies: ["CJPEGFlags"]),
        .systemLibrary(
            name: "CSPNG", path: "Sources/CSPNG", pkgConfig: "spng",
            providers: [.apt(["libspng-dev"]), .brew(["libspng"])]),
        .systemLibrary(
            name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "COpenSSL", path: "Sources/COpenSSL", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        library("UnlearnFormats", []),
        library("UnlearnEngine", ["CTorch", "UnlearnFormats"]),
        library(
            "UnlearnData", ["UnlearnEngine", "UnlearnFormats", "CPCRE2", "CJPEG", "CSPNG", "CZlib"],
            [.embedInCode("Tendency/toxicity-prompts.json")]),
        library("UnlearnModels", ["UnlearnEngine", "UnlearnFormats", "UnlearnData"]),
        library("UnlearnMethods", ["UnlearnFormats", "UnlearnEngine", "UnlearnData", "UnlearnModels"]),
        library(
            "UnlearnEvaluation", ["UnlearnEngine", "UnlearnFormats", "UnlearnData", "UnlearnModels"],
            [.embedInCode("Judge/toxicity-judge.json")]),
        library(
            "UnlearnKit",
            [
                "UnlearnFormats", "UnlearnEngine", "UnlearnData", "UnlearnModels", "UnlearnMethods",
                "UnlearnEvaluation", "COpenSSL", .product(name: "Yams", package: "Yams"),
                .product(name: "Mustache", package: "swift-mustache"),
            ],
            // Inside the binary, so that it works from any folder.
            [
                "report.mustache", "sample.mustache", "pictures.mustache", "redrawn.mustache", "benchmark.mustache",
                "audit.mustache", "tendency.mustache", "report.css",
            ].map {
                .embedInCode("Report/Renderers/HTML/" + $0)
            }),
        .executableTarget(
            name: "UnlearnCLI",
            dependencies: [
                "UnlearnKit", "UnlearnMethods", "UnlearnEvaluation", "UnlearnModels", "UnlearnData", "UnlearnEngine",
                "UnlearnFormats", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        // Not a product: it feeds damaged files to every reader, `swift run UnlearnFuzz --help`.
        .executableTarget(
            name: "UnlearnFuzz",
            dependencies: [
                "UnlearnKit", "UnlearnEvaluation", "UnlearnModels", "UnlearnData", "UnlearnEngine", "UnlearnFormats",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        tests("UnlearnFormatsTests", ["UnlearnFormats"]),
        tests("UnlearnDataTests", ["UnlearnData", "UnlearnEngine", "UnlearnFormats"]),
        tests("UnlearnEngineTests", ["UnlearnEngine"]),
        tests("UnlearnModelsTests", ["UnlearnModels", "UnlearnData", "UnlearnEngine", "UnlearnFormats"]),
        tests(
            "UnlearnMethodsTests",
            ["UnlearnMethods", "UnlearnModels", "UnlearnData", "UnlearnEngine", "UnlearnFormats"]),
        tests(
            "UnlearnEvaluationTests",
            ["UnlearnEvaluation", "UnlearnEngine", "UnlearnFormats", "UnlearnData", "UnlearnModels"]),
        tests(
            "UnlearnKitTests",
            [
                "UnlearnKit", "UnlearnMethods", "UnlearnModels", "UnlearnEvaluation", "UnlearnFormats", "UnlearnData",
                "UnlearnEngine",
            ]),
        tests(
            "UnlearnCLITests",
            [
                "UnlearnCLI", "UnlearnFuzz", "UnlearnKit", "UnlearnModels", "UnlearnData", "UnlearnEngine",
                "UnlearnEvaluation",
                "UnlearnFormats",
            ]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx20
)
