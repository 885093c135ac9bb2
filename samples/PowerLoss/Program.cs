// Proves the log of samples/WriteAheadLog under loss of power: for each seed at every request that changes its disk, in the first run, and again in the one that recovers and
// goes on. No root, no devices.
//
//     sample-power-loss SEEDS [FIRST-SEED]
//
// Ends with exit code 1 and the seed and the requests of the first trial that fails: the same two make it fail again, but where writers race.
using System.Globalization;
using System.Runtime.Versioning;
using DmIoUring.Samples;

[assembly: SupportedOSPlatform("linux")]

if (args.Length is 0 or > 2)
{
    Console.Error.WriteLine("sample-power-loss SEEDS [FIRST-SEED]");
    return 2;
}

int seeds = int.Parse(args[0], CultureInfo.InvariantCulture);
long first = args.Length > 1 ? long.Parse(args[1], CultureInfo.InvariantCulture) : 1;
long trials = 0, acknowledged = 0, lost = 0;
for (long seed = first; seed < first + seeds; seed++)
{
    bool isCut = true;
    for (long requests = 0; isCut; requests++)
    {
        using Trial trial = new(seed, requests);
        if (await trial.RunAsync() is { } fault)
        {
            Console.WriteLine($"seed {seed}, power cut after {requests} requests: {fault}");
            return 1;
        }

        isCut = trial.IsCut;
        trials++;
        acknowledged += trial.Acknowledged;
        lost += trial.LostSectors;
    }
}

Console.WriteLine($"{trials} trials of {seeds} seeds: {acknowledged} records were acknowledged and are there, {lost} sectors were lost");
return 0;
