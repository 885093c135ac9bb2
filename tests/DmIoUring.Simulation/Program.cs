using DmIoUring.Simulation.Commands;

return SimulationCommands.Create().Parse(args).Invoke();
