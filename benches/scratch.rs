use levy_escape::scheme::*; use levy_escape::noise::*; use levy_escape::landscape::*; use levy_escape::dynamics::*;
fn cpu()->f64{ std::fs::read_to_string("/proc/thread-self/schedstat").unwrap().split(' ').next().unwrap().parse::<f64>().unwrap()*1e-9 }
fn go(name:&str, p:&Problem, s:&dyn Scheme, n:u64){
  let k=s.prepare(p).unwrap();
  let mut best=f64::MAX; let mut line=String::new();
  for _ in 0..5 { let t=cpu(); let mut r=Vec::new();
    for c in 0..n.div_ceil(256) { k.run(StreamSource{seed:Seed(1),cell:0}, 256*c..(256*c+256).min(n), Limits::default(), &mut r);} 
    let dt=cpu()-t; let ev:u64=r.iter().map(|r|r.events).sum();
    let m:f64=r.iter().map(|r|r.outcome.exit_time().unwrap()).sum::<f64>()/n as f64;
    if dt<best {best=dt; line=format!("{name:32} {:8.3} ns/event {:10.4} us/escape  events {:8.1} mean {m:.4}", dt*1e9/ev as f64, dt*1e6/n as f64, ev as f64/n as f64);} }
  println!("{line}");
}
fn main(){
  let which=std::env::args().nth(1).unwrap_or_default();
  let a=|x|Alpha::new(x).unwrap();
  let b=||Basin::new(Quadratic::new(vec![1.0]).unwrap(), Domain::interval(-1.0,1.0)).unwrap();
  let asym=||Basin::new(Asymmetric::new(vec![5.0],vec![0.5]).unwrap(), Domain::interval(-0.3,1.0)).unwrap();
  let n=|e|LevyNoise::new(a(1.5),e).unwrap();
  let adam=||Dynamics::Adam(Adam::new(1.0,0.1).unwrap());
  let sgd=|b,e|Problem::new(b,Dynamics::Sgd,n(e)).unwrap();
  let ad=|b,e|Problem::new(b,adam(),n(e)).unwrap();
  if which!="ja" {
  go("euler sgd e=1",&sgd(b(),1.0),&Euler::default(),50_000);
  go("euler sgd e=.1",&sgd(b(),0.1),&Euler::default(),2_560);
  go("euler sgd h=.01 e=.1",&sgd(b(),0.1),&Euler::with_step(0.01).unwrap(),2_560);
  go("euler asym e=.1",&sgd(asym(),0.1),&Euler::default(),2_560);
  go("euler adam e=.1",&ad(b(),0.1),&Euler::with_step(0.01).unwrap(),2_560);
  for d in [100usize, 10_000] { let basin=Basin::new(Quadratic::new(vec![1.0;d]).unwrap(), Domain::Box(vec![[-2.0,2.0];d])).unwrap();
    let nn=LevyNoise::new(a(1.5),0.05).unwrap().with_amplitude(Amplitude::Diagonal(vec![1.0;d]));
    let p=Problem::new(basin,Dynamics::Sgd,nn).unwrap(); go(&format!("euler d={d} (per coord: /d)"),&p,&Euler::with_step(0.01).unwrap(),if d==100 {64} else {4}); }
  }
  if which!="eu" {
  let ja=|k:f64|JumpAdapted::default().threshold(k).unwrap();
  for e in [1.0,0.5,0.1,0.01,0.001] { go(&format!("ja sgd k=.1 e={e}"),&sgd(b(),e),&ja(0.1),50_000); go(&format!("ja sgd default e={e}"),&sgd(b(),e),&JumpAdapted::default(),50_000); }
  go("ja asym e=.003",&sgd(asym(),0.003),&JumpAdapted::default(),50_000);
  for e in [0.1,0.003] { go(&format!("ja adam e={e}"),&ad(b(),e),&JumpAdapted::default(),10_000);
    go(&format!("ja adam asym e={e}"),&ad(asym(),e),&JumpAdapted::default(),2_000);}
  }
}
