using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using DmIoUring.Benchmarks.EngineCost;
using DmIoUring.Benchmarks.Mirroring;

switch (args)
{
    case [CostProgram.Name]:
        CostProgram.Run(CostProgram.DefaultRounds);
        return 0;
    case [CostProgram.Name, "--rounds", string text] when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int rounds) && rounds > 0:
        CostProgram.Run(rounds);
        return 0;
    case [MemoryProgram.Name]:
        MemoryProgram.Run();
        return 0;
    case [FlushProgram.Name]:
        FlushProgram.Run();
        return 0;
    case [SharingProgram.Name]:
        SharingProgram.Run();
        return 0;
    case [MirrorCostProgram.Name, .. string[] options]:
        return await MirrorCostProgram.RunAsync(options);
}

// In this process, since the devices are this process's too; a launch costs more than a device.
IConfig config = DefaultConfig.Instance
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddJob(Job.Default
        .WithToolchain(InProcessEmitToolchain.Instance)
        .WithWarmupCount(3)
        .WithIterationCount(15)
        .WithGcServer(false));
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
return 0;
