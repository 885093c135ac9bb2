using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using DmIoUring.Testing;

namespace DmIoUring.CommandTests.Readme;

/// <summary>What an embedder gets from a package source.</summary>
public sealed class PackageTests
{
    [Fact]
    public void Package_HasTheInteropAssembly_AndDependsOnTheLogsAbstractionsOnly()
    {
        string folder = Directory.CreateTempSubdirectory("dmio-package").FullName;
        try
        {
            ChildProcess pack = ChildProcess.Run(DotNetHost.Path, ["pack", "-c", "Release", "--no-build", "-o", folder, Path.Combine(Here(), "../../../src/DmIoUring")])!;
            Assert.True(pack.ExitCode == 0, pack.Output + pack.Errors);
            using ZipArchive package = ZipFile.OpenRead(Assert.Single(Directory.GetFiles(folder, "*.nupkg")));
            Assert.Equal(
                ["lib/net10.0/DmIoUring.Interop.dll", "lib/net10.0/DmIoUring.dll", "lib/net10.0/DmIoUring.xml"],
                package.Entries.Select(static entry => entry.FullName).Where(static name => name.StartsWith("lib/", StringComparison.Ordinal)).Order(StringComparer.Ordinal),
                StringComparer.Ordinal);
            using Stream text = package.GetEntry("DmIoUring.nuspec")!.Open();
            Assert.Equal(
                ["Microsoft.Extensions.Logging.Abstractions"],
                XDocument.Load(text).Descendants().Where(static element => element.Name.LocalName is "dependency").Select(static element => element.Attribute("id")!.Value),
                StringComparer.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Here([CallerFilePath] string thisFile = "") => Path.GetDirectoryName(thisFile)!;
}
