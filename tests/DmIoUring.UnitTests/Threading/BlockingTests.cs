using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace DmIoUring.UnitTests.Threading;

/// <summary>The library blocks in one folder only. What has a name is banned by its analyzer (BannedSymbols.Blocking.txt); a statement has none.</summary>
public sealed class BlockingTests
{
    [Fact]
    public void LockStatement_IsNowhereInTheLibrary()
    {
        string root = Path.GetFullPath(Path.Combine(Here(), "../../../src/DmIoUring"));
        string[] files = [.. Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories).Where(file => Path.GetRelativePath(root, file).Split('/')[0] is not ("bin" or "obj"))];
        Assert.InRange(files.Length, 100, int.MaxValue);
        Assert.DoesNotContain(files, static file => CSharpSyntaxTree.ParseText(File.ReadAllText(file)).GetRoot().DescendantNodes().OfType<LockStatementSyntax>().Any());
    }

    private static string Here([CallerFilePath] string thisFile = "") => Path.GetDirectoryName(thisFile)!;
}
