using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace DmIoUring.DeviceTests.Simulation;

/// <summary>The library compiled from its source with a few words of it changed.</summary>
internal static class MutatedLibrary
{
    /// <summary>What the build adds to the source.</summary>
    private static readonly string Added = $"""
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        [assembly: System.Reflection.AssemblyVersion("{typeof(DmIoClient).Assembly.GetName().Version}")]
        {string.Join('\n', typeof(DmIoClient).Assembly.GetCustomAttributes<InternalsVisibleToAttribute>().Select(static friend => $"[assembly: System.Runtime.CompilerServices.InternalsVisibleTo(\"{friend.AssemblyName}\")]"))}
        """;

    private static readonly CSharpParseOptions Language = new(LanguageVersion.CSharp14, DocumentationMode.None);
    private static readonly string Root = Path.GetFullPath(Path.Combine(Here(), "../../../src/DmIoUring"));

    private static readonly CSharpCompilation Unchanged = WithGenerated(CSharpCompilation.Create(
        "DmIoUring",
        [.. Sources().Select(Parse), CSharpSyntaxTree.ParseText(Added, Language)],
        [.. References().Select(static path => MetadataReference.CreateFromFile(path))],
        new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary,
            optimizationLevel: OptimizationLevel.Release,
            allowUnsafe: true,
            nullableContextOptions: NullableContextOptions.Enable,
            cryptoPublicKey: [.. typeof(DmIoClient).Assembly.GetName().GetPublicKey()!],
            publicSign: true)));

    /// <summary>Compiles it to a file.</summary>
    /// <param name="mutation">The change; null for none.</param>
    /// <param name="path">The file.</param>
    public static void Compile(Mutation? mutation, string path)
    {
        CSharpCompilation compilation = Unchanged;
        if (mutation is not null)
        {
            string file = Path.Combine(Root, mutation.File);
            SyntaxTree old = Unchanged.SyntaxTrees.Single(tree => string.Equals(tree.FilePath, file, StringComparison.Ordinal));
            compilation = Unchanged.ReplaceSyntaxTree(old, CSharpSyntaxTree.ParseText(Mutated(mutation), Language, file));
        }

        var result = compilation.Emit(path);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics.Where(static one => one.Severity == DiagnosticSeverity.Error)));
    }

    /// <summary>What the compiler has against a mutation, of its file alone: seconds for all of them, where to compile them takes minutes.</summary>
    public static string[] ErrorsIn(Mutation mutation)
    {
        string file = Path.Combine(Root, mutation.File);
        SyntaxTree old = Unchanged.SyntaxTrees.Single(tree => string.Equals(tree.FilePath, file, StringComparison.Ordinal));
        SyntaxTree mutated = CSharpSyntaxTree.ParseText(Mutated(mutation), Language, file);
        return
        [
            .. Unchanged.ReplaceSyntaxTree(old, mutated).GetSemanticModel(mutated).GetDiagnostics()
                .Where(static one => one.Severity == DiagnosticSeverity.Error).Select(static one => one.ToString()),
        ];
    }

    /// <summary>A mutation's file with the mutation. It must stand there, once.</summary>
    public static string Mutated(Mutation mutation)
    {
        string text = File.ReadAllText(Path.Combine(Root, mutation.File));
        int at = text.IndexOf(mutation.Find, StringComparison.Ordinal);
        Assert.True(at >= 0, $"'{mutation.Find}' is not in {mutation.File} any more; write the mutation anew.");
        Assert.True(text.LastIndexOf(mutation.Find, StringComparison.Ordinal) == at, $"'{mutation.Find}' is in {mutation.File} more than once.");
        return text[..at] + mutation.Replacement + text[(at + mutation.Find.Length)..];
    }

    /// <summary>With what the build's generator adds: the bodies of the log's methods.</summary>
    private static CSharpCompilation WithGenerated(CSharpCompilation written)
    {
        AnalyzerFileReference generators = new(Path.Combine(AppContext.BaseDirectory, "Microsoft.Extensions.Logging.Generators.dll"), new FromFiles());
        CSharpGeneratorDriver.Create(generators.GetGenerators(LanguageNames.CSharp), parseOptions: Language)
            .RunGeneratorsAndUpdateCompilation(written, out Compilation complete, out _);
        return (CSharpCompilation)complete;
    }

    private sealed class FromFiles : IAnalyzerAssemblyLoader
    {
        public void AddDependencyLocation(string fullPath)
        {
        }

        public Assembly LoadFromPath(string fullPath) => Assembly.LoadFrom(fullPath);
    }

    private static SyntaxTree Parse(string file) => CSharpSyntaxTree.ParseText(File.ReadAllText(file), Language, file);

    private static IEnumerable<string> Sources() => Directory
        .EnumerateFiles(Root, "*.cs", SearchOption.AllDirectories)
        .Where(static file => Path.GetRelativePath(Root, file).Split('/')[0] is not ("bin" or "obj"));

    private static IEnumerable<string> References() => ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator)
        .Where(static path => Path.GetFileName(path) is var name
            && (name.StartsWith("System.", StringComparison.Ordinal) || name is "netstandard.dll" or "mscorlib.dll" or "Microsoft.Win32.Primitives.dll" or "DmIoUring.Interop.dll" or "Tmds.LibC.dll" or "Microsoft.Extensions.Logging.Abstractions.dll"));

    private static string Here([CallerFilePath] string thisFile = "") => Path.GetDirectoryName(thisFile)!;
}
