using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DmIoUring.UnitTests.Structure;

/// <summary>What docs/architecture.md draws: each folder of the library knows those below it and none above.</summary>
public sealed class LayerTests
{
    /// <summary>From the bottom to the top. The public surface is the folder's own files, "."</summary>
    private static readonly string[] Layers =
        ["Threading", "Diagnostics", "Telemetry", "Memory", "Rings", "Devices", "Requests", "Engine", "Options", "Drivers", "Submission", "."];

    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private static readonly CSharpParseOptions Language = new(LanguageVersion.CSharp14, DocumentationMode.None);
    private static readonly string Root = Path.GetFullPath(Path.Combine(Here(), "../../../src/DmIoUring"));

    [Fact]
    public void EachFolder_KnowsOnlyThoseBelowIt()
    {
        CSharpCompilation library = CSharpCompilation.Create("DmIoUring", [.. Files().Select(Parse), CSharpSyntaxTree.ParseText(ImplicitUsings, Language)], References(), new(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true));
        string[] upward = [.. library.SyntaxTrees.Where(static tree => tree.FilePath.Length > 0).SelectMany(tree => Uses(library, tree)).Where(static use => Above(use.From, use.To)).Select(static use => use.ToString()).Distinct(StringComparer.Ordinal)];
        Assert.Empty(upward);
        Assert.Equal(Layers.Order(StringComparer.Ordinal), Files().Select(FolderOf).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
    }

    private static bool Above(string from, string to) => Array.IndexOf(Layers, FolderOf(to)) > Array.IndexOf(Layers, FolderOf(from));

    private static IEnumerable<(string From, string Type, string To)> Uses(CSharpCompilation library, SyntaxTree tree)
    {
        SemanticModel model = library.GetSemanticModel(tree);
        return
            from name in tree.GetRoot().DescendantNodes(static node => node is not UsingDirectiveSyntax).OfType<SimpleNameSyntax>()
            let symbol = model.GetSymbolInfo(name).Symbol
            let type = symbol as INamedTypeSymbol ?? symbol?.ContainingType
            where type is not null
            from declaration in type.OriginalDefinition.DeclaringSyntaxReferences
            select (tree.FilePath, type.Name, declaration.SyntaxTree.FilePath);
    }

    private static SyntaxTree Parse(string file) => CSharpSyntaxTree.ParseText(File.ReadAllText(file), Language, file);

    private static string FolderOf(string file) => Path.GetDirectoryName(Path.GetRelativePath(Root, file)) is { Length: > 0 } folder ? folder : ".";

    private static IEnumerable<string> Files() => Directory
        .EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories)
        .Where(static file => Path.GetRelativePath(Root, file).Split('/')[0] is not ("bin" or "obj"));

    private static IEnumerable<MetadataReference> References() => ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator)
        .Where(static path => Path.GetFileName(path) is not "DmIoUring.dll")
        .Select(static path => MetadataReference.CreateFromFile(path));

    private static string Here([CallerFilePath] string thisFile = "") => Path.GetDirectoryName(thisFile)!;
}
