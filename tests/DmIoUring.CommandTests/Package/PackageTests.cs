using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Package;

/// <summary>What an embedder gets from a package source. tests/package/run uses it.</summary>
public sealed class PackageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dmio-package").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Package_HasTheInteropAssembly_PublicDocumentation_AndDependsOnTheLogsAbstractionsAndTmdsLibCOnly()
    {
        using ZipArchive package = Pack("DmIoUring");
        Assert.Equal(
            ["README.md", "icon.png", "lib/net10.0/DmIoUring.Interop.dll", "lib/net10.0/DmIoUring.dll", "lib/net10.0/DmIoUring.xml"],
            Files(package),
            StringComparer.Ordinal);
        XDocument nuspec = Xml(package, "DmIoUring.nuspec");
        Assert.Equal(
            ["Microsoft.Extensions.Logging.Abstractions", "Tmds.LibC"],
            nuspec.Descendants().Where(static element => element.Name.LocalName is "dependency").Select(static element => element.Attribute("id")!.Value),
            StringComparer.Ordinal);
        Assert.Matches(@"^\d+\.\d+\.\d+(-[0-9a-z.]+)?$", Value(nuspec, "version"));
        Assert.NotEmpty(Value(nuspec, "releaseNotes"));
        Assert.DoesNotContain("](docs/", Text(package, "README.md"), StringComparison.Ordinal);

        HashSet<string> documented = [.. Xml(package, "lib/net10.0/DmIoUring.xml").Descendants("member").Select(static member => member.Attribute("name")!.Value)];
        Assert.Contains("T:DmIoUring.DmIoClient", documented);
        Assert.Contains("P:DmIoUring.IoResult.Failed", documented);
        Assert.DoesNotContain("T:DmIoUring.Engine.IoEngine`1", documented);
        Assert.All(
            documented.Where(static id => id.StartsWith("T:", StringComparison.Ordinal)),
            static id => Assert.True(typeof(DmIoClient).Assembly.GetType(id[2..]) is null or { IsVisible: true }, id));

        using ZipArchive symbols = ZipFile.OpenRead(Assert.Single(Directory.GetFiles(_folder, "*.snupkg")));
        Assert.Equal(["lib/net10.0/DmIoUring.Interop.pdb", "lib/net10.0/DmIoUring.pdb"], Files(symbols), StringComparer.Ordinal);
    }

    /// <summary>It uses internal members of the library, so that no other version of it will do.</summary>
    [Fact]
    public void SimulatedDisks_DependOnTheLibraryOfTheirOwnVersion()
    {
        using ZipArchive package = Pack("DmIoUring.Testing");
        Assert.Equal(["README.md", "icon.png", "lib/net10.0/DmIoUring.Testing.dll", "lib/net10.0/DmIoUring.Testing.xml"], Files(package), StringComparer.Ordinal);
        XDocument nuspec = Xml(package, "DmIoUring.Testing.nuspec");
        XElement[] dependencies = [.. nuspec.Descendants().Where(static element => element.Name.LocalName is "dependency")];
        Assert.Equal(["DmIoUring", "Microsoft.Extensions.Logging.Abstractions", "Tmds.LibC"], dependencies.Select(static one => one.Attribute("id")!.Value), StringComparer.Ordinal);
        Assert.Equal($"[{Value(nuspec, "version")}]", dependencies[0].Attribute("version")!.Value);

        HashSet<string> documented = [.. Xml(package, "lib/net10.0/DmIoUring.Testing.xml").Descendants("member").Select(static member => member.Attribute("name")!.Value)];
        Assert.Contains("M:DmIoUring.Testing.FaultyMedium.ReadDurable(System.Int64,System.Int64)", documented);
        Assert.DoesNotContain("T:DmIoUring.Testing.VolatileMedium", documented);
    }

    private ZipArchive Pack(string project)
    {
        ChildProcess pack = ChildProcess.Run(DotNetHost.Path, ["pack", "-c", "Release", "--no-build", "-o", _folder, Path.Combine(Here(), "../../../src", project)])!;
        Assert.True(pack.ExitCode == 0, pack.Output + pack.Errors);
        return ZipFile.OpenRead(Assert.Single(Directory.GetFiles(_folder, "*.nupkg")));
    }

    /// <summary>Without what every package has for the format's sake.</summary>
    private static IEnumerable<string> Files(ZipArchive package) => package.Entries
        .Select(static entry => entry.FullName)
        .Where(static name => !name.StartsWith("_rels/", StringComparison.Ordinal) && !name.StartsWith("package/", StringComparison.Ordinal)
            && name is not "[Content_Types].xml" && !name.EndsWith(".nuspec", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal);

    private static string Text(ZipArchive package, string name)
    {
        using StreamReader reader = new(package.GetEntry(name)!.Open());
        return reader.ReadToEnd();
    }

    private static XDocument Xml(ZipArchive package, string name) => XDocument.Parse(Text(package, name));

    private static string Value(XDocument nuspec, string name) => nuspec.Descendants().Single(element => string.Equals(element.Name.LocalName, name, StringComparison.Ordinal)).Value;

    private static string Here([CallerFilePath] string thisFile = "") => Path.GetDirectoryName(thisFile)!;
}
