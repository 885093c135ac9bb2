using DmIoUring.ScratchDevices;
using DmIoUring.TestSupport;

namespace DmIoUring.CommandTests.Native;

/// <summary>Holes that the nbdkit plugin tells, as nbdinfo sees them: those of the leg that is read.</summary>
public sealed class NbdkitExtentTests(NativeLibrary library) : IDisposable
{
    private const int Size = 4 << 20;
    private const int Piece = 64 << 10;
    private const int First = 1 << 20;
    private const int Second = 2 << 20;

    private readonly ScratchFolder _folder = ScratchFolder.Create();

    /// <summary>The first leg has data at 1 MiB, the second at 2 MiB.</summary>
    [Theory]
    [InlineData(First, Second)]
    [InlineData(Second, First)]
    public void Map_IsThatOfTheFirstLeg(int first, int second)
    {
        ChildProcess run = Map(Sparse("first", first), Sparse("second", second));
        Assert.Equal([$"0 {first} hole,zero", $"{first} {Piece} data", $"{first + Piece} {Size - first - Piece} hole,zero"], LinesOf(run));
    }

    /// <summary>Even where the other leg is a file with holes.</summary>
    [Fact]
    public void BlockDevice_IsDataFromEndToEnd()
    {
        using LoopDevice device = RequireLoop.Create(Size);
        Assert.Equal([$"0 {Size} data"], LinesOf(Map(device.Path, Sparse("file", First))));
        Assert.Equal([$"0 {Size} data"], LinesOf(Map(device.Path)));
    }

    [Fact]
    public void Map_FollowsWhatIsWrittenAndTrimmed()
    {
        RequireProgram.QemuIo();
        string leg = Sparse("leg", First), other = Sparse("other", First);
        ChildProcess run = Serve(
            [leg, other], $"qemu-io -f raw -c 'write {Second} {Piece}' -c 'discard {First} {Piece}' -c flush \"$uri\" >/dev/null && nbdinfo --map \"$uri\"");
        Assert.Equal([$"0 {Second} hole,zero", $"{Second} {Piece} data", $"{Second + Piece} {Size - Second - Piece} hole,zero"], LinesOf(run));
    }

    /// <summary>What is gone is no hole, which would read as zeroes: a read of it degrades the leg, and then the holes are the other's.</summary>
    [Fact]
    public void Leg_ThatLosesItsEnd_HasNoHoleThere_AndWhenItIsDegradedTheMapIsTheOthers()
    {
        RequireProgram.QemuIo();
        string leg = Sparse("leg", First), other = Sparse("other", Second);
        ChildProcess run = Serve(
            [leg, other],
            $"nbdinfo --size \"$uri\" >/dev/null && truncate -s {First} '{leg}' && nbdinfo --map \"$uri\" && qemu-io -r -f raw -c 'read {Second} {Piece}' \"$uri\" >/dev/null && nbdinfo --map \"$uri\"");
        Assert.Equal(
            [
                $"0 {First} hole,zero", $"{First} {Size - First} data",
                $"0 {Second} hole,zero", $"{Second} {Piece} data", $"{Second + Piece} {Size - Second - Piece} hole,zero",
            ],
            LinesOf(run));
    }

    public void Dispose() => _folder.Dispose();

    private ChildProcess Map(params string[] legs) => Serve(legs, "nbdinfo --map \"$uri\"");

    private ChildProcess Serve(string[] legs, string script) => NbdkitPlugin.Serve(NbdkitPlugin.Compile(library), legs, script);

    /// <summary>nbdinfo's lines: offset, length, type as a number, type.</summary>
    private static string[] LinesOf(ChildProcess run)
    {
        Assert.True(run.ExitCode == 0, run.Output + run.Errors);
        return
        [
            .. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Select(static words => $"{words[0]} {words[1]} {words[^1]}"),
        ];
    }

    /// <summary>A file of holes but for one piece.</summary>
    private string Sparse(string name, int offset)
    {
        string path = _folder.PathOf(name);
        byte[] piece = new byte[Piece];
        piece.AsSpan().Fill(0xEE);
        using FileStream file = new(path, FileMode.CreateNew);
        file.SetLength(Size);
        file.Position = offset;
        file.Write(piece);
        file.Flush(flushToDisk: true);
        return path;
    }
}
