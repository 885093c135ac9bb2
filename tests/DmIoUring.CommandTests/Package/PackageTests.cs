using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Package;

/// <summary>What an embedder gets from a package source. tests/package/run uses it.</summary>
public sealed class PackageTests : IDisposable
{
    private static readonly string[] Frameworks = ["net10.0", "net8.0"];

    private readonly string _folder = Directory.CreateTempSubdirectory("dmio-package").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Package_HasTheInteropAssembly_PublicDocumentation_AndDependsOnTheLogsAbstractionsAndTmdsLibCOnly()
    {
        using ZipArchive package = Pack("DmIoUring");
        Assert.Equal(
            ["README.md", "icon.png", .. ForEachFramework("DmIoUring.Interop.dll", "DmIoUring.dll", "DmIoUring.xml")],
            Files(package),
            StringComparer.Ordinal);
        XDocument nuspec = Xml(package, "DmIoUring.nuspec");
        Assert.All(Dependencies(nuspec), static group => Assert.Equal(["Microsoft.Extensions.Logging.Abstractions", "Tmds.LibC"], group.Select(static one => one.Id), StringComparer.Ordinal));
        Assert.Matches(@"^\d+\.\d+\.\d+(-[0-9a-z.]+)?$", Value(nuspec, "version"));
        Assert.NotEmpty(Value(nuspec, "releaseNotes"));
        Assert.DoesNotContain("](docs/", Text(package, "README.md"), StringComparison.Ordinal);

        HashSet<string> documented = Documented(package, "DmIoUring.xml");
        Assert.Contains("T:DmIoUring.DmIoClient", documented);
        Assert.Contains("P:DmIoUring.IoResult.Failed", documented);
        Assert.DoesNotContain("T:DmIoUring.Engine.IoEngine`1", documented);
        Assert.All(
            documented.Where(static id => id.StartsWith("T:", StringComparison.Ordinal)),
            static id => Assert.True(typeof(DmIoClient).Assembly.GetType(id[2..]) is null or { IsVisible: true }, id));

        using ZipArchive symbols = ZipFile.OpenRead(Assert.Single(Directory.GetFiles(_folder, "*.snupkg")));
        Assert.Equal(ForEachFramework("DmIoUring.Interop.pdb", "DmIoUring.pdb"), Files(symbols), StringComparer.Ordinal);
    }

    /// <summary>It uses internal members of the library, so that no other version of it will do.</summary>
    [Fact]
    public void SimulatedDisks_DependOnTheLibraryOfTheirOwnVersion()
    {
        using ZipArchive package = Pack("DmIoUring.Testing");
        Assert.Equal(["README.md", "icon.png", .. ForEachFramework("DmIoUring.Testing.dll", "DmIoUring.Testing.xml")], Files(package), StringComparer.Ordinal);
        XDocument nuspec = Xml(package, "DmIoUring.Testing.nuspec");
        string own = $"[{Value(nuspec, "version")}]";
        Assert.All(Dependencies(nuspec), group =>
        {
            Assert.Equal(["DmIoUring", "Microsoft.Extensions.Logging.Abstractions", "Tmds.LibC"], group.Select(static one => one.Id), StringComparer.Ordinal);
            Assert.Equal(own, group[0].Version);
        });

        HashSet<string> documented = Documented(package, "DmIoUring.Testing.xml");
        Assert.Contains("M:DmIoUring.Testing.FaultyMedium.ReadDurable(System.Int64,System.Int64)", documented);
        Assert.DoesNotContain("T:DmIoUring.Testing.VolatileMedium", documented);
    }

    private ZipArchive Pack(string project)
    {
        ChildProcess pack = ChildProcess.Run(DotNetHost.Path, ["pack", "-c", "Release", "-o", _folder, Path.Combine(Here(), "../../../src", project)])!;
        Assert.True(pack.ExitCode == 0, pack.Output + pack.Errors);
        return ZipFile.OpenRead(Assert.Single(Directory.GetFiles(_folder, "*.nupkg")));
    }

    private static IEnumerable<string> ForEachFramework(params string[] files) => Frameworks.SelectMany(framework => files.Select(file => $"lib/{framework}/{file}"));

    /// <summary>Of each framework.</summary>
    private static (string Id, string Version)[][] Dependencies(XDocument nuspec)
    {
        XElement[] groups = [.. nuspec.Descendants().Where(static element => element.Name.LocalName is "group")];
        Assert.Equal(Frameworks, groups.Select(static group => group.Attribute("targetFramework")!.Value), StringComparer.Ordinal);
        return [.. groups.Select(static group => group.Elements().Select(static one => (one.Attribute("id")!.Value, one.Attribute("version")!.Value)).ToArray())];
    }

    /// <summary>The same for all frameworks.</summary>
    private static HashSet<string> Documented(ZipArchive package, string file)
    {
        string[][] all = [.. Frameworks.Select(framework => Xml(package, $"lib/{framework}/{file}").Descendants("member").Select(static member => member.Attribute("name")!.Value).ToArray())];
        Assert.Equal(all[0], all[1], StringComparer.Ordinal);
        return [.. all[0]];
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
