namespace DmIoUring.Tests.Support;

/// <summary>A C source that the build copied beside the tests, compiled into a folder of its own.</summary>
internal sealed class CProgram : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public CProgram(string source)
    {
        FullPath = _folder.File(Path.GetFileNameWithoutExtension(source));
        string path = Path.Combine(AppContext.BaseDirectory, source);
        ChildProcess? compiler = ChildProcess.Run("cc", "-Wall", "-Wextra", "-Werror", "-o", FullPath, path);
        IsCompiled = compiler is { ExitCode: 0 };
        WhyNot = compiler is null
            ? "There is no C compiler: apt-get install gcc linux-libc-dev."
            : $"cc refuses {source}: {compiler.Errors}";
    }

    public string FullPath { get; }

    public bool IsCompiled { get; }

    public string WhyNot { get; }

    public void Dispose() => _folder.Dispose();
}
