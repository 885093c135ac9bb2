using System.Runtime.CompilerServices;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;

namespace DmIoUring.CommandTests.Readme;

public sealed class ReadmeTests
{
    [Theory]
    [InlineData("sync")]
    [InlineData("callback")]
    [InlineData("awaited")]
    [InlineData("reactor")]
    public void Sample_IsWhatIsCompiledHere(string name) =>
        Assert.Contains("```csharp\n" + Compiled(name) + "```\n", Text("../../../README.md"), StringComparison.Ordinal);

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

    private static string Compiled(string name)
    {
        string text = Text("Samples.cs");
        string begin = $"        // <{name}>\n";
        int start = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        int end = text.IndexOf($"        // </{name}>", StringComparison.Ordinal);
        IEnumerable<string> lines = text[start..end].Split('\n').Select(static line => line.Length > 8 ? line[8..] : "");
        return string.Join('\n', lines);
    }

    private static string Text(string relative, [CallerFilePath] string thisFile = "") =>
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(thisFile)!, relative));
}
