using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using DmIoUring.ScratchDevices;
using DmIoUring.Services;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Readme;

public sealed partial class ReadmeTests
{
    [Theory]
    [InlineData("sync", "README.md")]
    [InlineData("sync", "docs/getting-started.md")]
    [InlineData("callback", "docs/getting-started.md")]
    [InlineData("completed", "docs/getting-started.md")]
    [InlineData("awaited", "docs/getting-started.md")]
    [InlineData("reactor", "docs/getting-started.md")]
    [InlineData("copy", "docs/copying.md")]
    [InlineData("power-loss", "docs/testing-your-storage.md")]
    public void Sample_IsWhatIsCompiledHere(string name, string page) =>
        Assert.Contains("```csharp\n" + Compiled(name) + "```\n", Text("../../../" + page), StringComparison.Ordinal);

    [Fact]
    public void Readme_IsShort() =>
        Assert.InRange(Text("../../../README.md").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length, 1, 1200);

    /// <summary>Links between the pages, to files of the repository.</summary>
    [Fact]
    public void EveryLink_HasItsFile()
    {
        string root = Path.GetFullPath(PathOf("../../.."));
        string[] pages = [.. Directory.GetFiles(root, "*.md"), .. Directory.GetFiles(Path.Combine(root, "docs"), "*.md"), .. Directory.GetFiles(Path.Combine(root, "bench"), "*.md")];
        List<string> missing = [];
        foreach (string page in pages)
        {
            foreach (Match link in Link().Matches(File.ReadAllText(page)))
            {
                string target = link.Groups["target"].Value;
                if (!target.Contains("://", StringComparison.Ordinal) && !Path.Exists(Path.Combine(Path.GetDirectoryName(page)!, target)))
                    missing.Add($"{Path.GetRelativePath(root, page)}: {target}");
            }
        }

        Assert.Empty(missing);
    }

    [GeneratedRegex(@"\]\((?<target>[^)#\s]+)[^)]*\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Link();

    [Fact]
    public void SyncSample_WritesBothLegs()
    {
        using LoopDevice left = RequireLoop.Create(4 << 20);
        using LoopDevice right = RequireLoop.Create(4 << 20);

        Assert.True(Samples.Sync(left.Path, right.Path).IsSuccess);

        byte[] written = new byte[5];
        RandomAccess.Read(right.BackingHandle, written, 2048 * IoRegion.SectorSize);
        Assert.Equal("hello"u8, written);
    }

    [Fact]
    public void CallbackSample_HasItsResultWhenTheClientIsDisposed()
    {
        using LoopDevice left = RequireLoop.Create(4 << 20);
        using LoopDevice right = RequireLoop.Create(64 << 10);

        Assert.Equal("0b10", Samples.Callback(left.Path, right.Path).Failed.ToString());
    }

    [Fact]
    public void CompletedSample_IsToldTheBytes()
    {
        using LoopDevice device = RequireLoop.Create(4 << 20);
        Assert.Equal((2048 * 512) + 4096, Samples.Completed(device.Path));
    }

    [Fact]
    public void ReactorSample_ReadsAll()
    {
        using LoopDevice device = RequireLoop.Create(4 << 20);
        Assert.Equal(32, Samples.Reactor(device.Path));
    }

    [Fact]
    public async Task AwaitedSample_Reads()
    {
        using LoopDevice device = RequireLoop.Create(4 << 20);
        Assert.True((await Samples.Awaited(device.Path)).IsSuccess);
    }

    [Fact]
    public async Task CopySample_CopiesToBothLegs()
    {
        using ScratchFile source = ScratchFile.Create(4 << 20), left = ScratchFile.Create(4 << 20), right = ScratchFile.Create(4 << 20);
        byte[] content = Pattern.Bytes(4 << 20);
        await File.WriteAllBytesAsync(source.Path, content, TestContext.Current.CancellationToken);

        Assert.Equal(CopyOutcome.Complete, (await Samples.Copy(source.Path, left.Path, right.Path)).Outcome);

        Assert.Equal(content, await File.ReadAllBytesAsync(left.Path, TestContext.Current.CancellationToken));
        Assert.Equal(content, await File.ReadAllBytesAsync(right.Path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task PowerLossSample_FindsNothing_AtEveryRequest() => Assert.InRange(await Samples.PowerLoss(), 5 * 10, 5 * 30);

    private static string Compiled(string name)
    {
        string text = Text("Samples.cs");
        string begin = $"        // <{name}>\n";
        int start = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        int end = text.IndexOf($"        // </{name}>", StringComparison.Ordinal);
        IEnumerable<string> lines = text[start..end].Split('\n').Select(static line => line.Length > 8 ? line[8..] : "");
        return string.Join('\n', lines);
    }

    private static string Text(string relative) => File.ReadAllText(PathOf(relative));

    private static string PathOf(string relative, [CallerFilePath] string thisFile = "") => Path.Combine(Path.GetDirectoryName(thisFile)!, relative);
}
