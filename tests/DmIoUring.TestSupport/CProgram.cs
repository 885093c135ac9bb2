using DmIoUring.ScratchDevices;

namespace DmIoUring.TestSupport;

/// <summary>A C source that the build copied beside the tests, compiled into a folder of its own.</summary>
internal sealed class CProgram : IDisposable
{
    private readonly ScratchFolder _folder = ScratchFolder.Create();

    public CProgram(string source)
    {
        FullPath = _folder.PathOf(Path.GetFileNameWithoutExtension(source));
        string path = Path.Combine(AppContext.BaseDirectory, source);
        ChildProcess? compiler = ChildProcess.Run("cc", "-Wall", "-Wextra", "-Werror", "-o", FullPath, path);
        Obstacle = compiler switch
        {
            null => "there is no C compiler: apt-get install gcc linux-libc-dev",
            { ExitCode: 0 } => null,
            _ => $"cc refuses {source}: {compiler.Errors}",
        };
    }

    public string FullPath { get; }

    /// <summary>Why there is no program; <see langword="null"/> when there is.</summary>
    public string? Obstacle { get; }

    public void Dispose() => _folder.Dispose();
}
