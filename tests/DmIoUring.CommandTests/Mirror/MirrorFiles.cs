using DmIoUring.Cli;
using DmIoUring.Cli.Mirroring;
using DmIoUring.CommandTests.Cli;
using DmIoUring.ScratchDevices;

namespace DmIoUring.CommandTests.Mirror;

/// <summary>A folder with files to be the legs of mirrors, and the command on them.</summary>
internal sealed class MirrorFiles : IDisposable
{
    public const int LegBytes = 4 << 20;

    /// <summary>What the tests' mirrors have of data.</summary>
    public const int DataBytes = 3 << 20;

    private readonly ScratchFolder _folder = ScratchFolder.Create();

    public MirrorFiles()
    {
        byte[] content = new byte[LegBytes];
        for (int leg = 0; leg < 3; leg++)
        {
            new Random(leg).NextBytes(content);
            File.WriteAllBytes(PathOf(Name(leg)), content);
        }
    }

    public string Folder => _folder.Path;

    /// <summary>Three files of the same size and of different content: a, b and c.</summary>
    public static string Name(int leg) => ((char)('a' + leg)).ToString();

    public string PathOf(string name) => _folder.PathOf(name);

    public string Make(string name, int bytes)
    {
        File.WriteAllBytes(PathOf(name), new byte[bytes]);
        return PathOf(name);
    }

    /// <summary>Runs <c>dmio mirror</c> with words of which a single small letter, and what has an equals sign before it, is a file here.</summary>
    public Task<Dmio> RunAsync(string words) => Dmio.RunAsync(["mirror", .. Words(words)]);

    /// <summary>The same, with the document, which is what the schema says, and the exit code that is expected.</summary>
    public async Task<MirrorReport> ReportAsync(int exitCode, string words)
    {
        Dmio run = await RunAsync(words + " --json");
        Assert.True(exitCode == run.ExitCode, run.Errors + run.Output);
        MirrorReport report = run.Document(ReportJson.Default.MirrorReport);
        Assert.Equal(exitCode, report.ExitCode);
        return report;
    }

    public string[] Words(string words) => [.. words.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word =>
        word[0] == '=' ? PathOf(word[1..]) : word.Length == 1 && char.IsAsciiLetterLower(word[0]) ? PathOf(word) : word)];

    /// <summary>A mirror of the first files.</summary>
    public async Task<MirrorReport> CreateAsync(string legs = "a b", string options = "") =>
        await ReportAsync(0, $"create {legs} --size 3M --region-size 64K {options}");

    /// <summary>The data of two legs, without their metadata.</summary>
    public void AssertSameData(string left, string right, int bytes = DataBytes) => AssertSameData(PathOf(left), PathOf(right), (long)bytes);

    public static void AssertSameData(string left, string right, long bytes) =>
        Assert.Equal(0, TestSupport.ChildProcess.Run("cmp", "-n", bytes.ToString(System.Globalization.CultureInfo.InvariantCulture), left, right)!.ExitCode);

    public void Dispose() => _folder.Dispose();
}
